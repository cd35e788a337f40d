"""What another process has used so far, as Linux counts it."""

from __future__ import annotations

import os
from pathlib import Path


def processor_time(process: int) -> float:
    """Seconds of a core, to a hundredth."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: int) -> float:
    """Resident memory of it alone, KiB: what it has touched, without its share of what it only maps."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1])
    raise OSError("the kernel does not say")
