"""What a run was made on: said with every table, since times alone say nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def facts() -> str:
    """One paragraph: day, revision, processor, memory, load before the run, versions."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {_revision()}; {processor},"
        f" {os.cpu_count()} cores, {memory:.0f} GiB; load before: {load()};"
        f" {platform.system()} {platform.release()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )


def load() -> str:
    """Programs that wanted a core in the last 1 and 5 minutes."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} (1 min), {five:.1f} (5 min)"


def _revision() -> str:
    said = _told("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = _told("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no")
    return (said or "unknown") + (" with changes" if changed else "")


def _told(*command: str) -> str:
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return ""


def _read(file: str) -> str:
    with suppress(OSError):
        return Path(file).read_text(encoding="utf-8")
    return ""
