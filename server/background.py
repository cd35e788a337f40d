"""The end of what runs beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any


async def ended(task: asyncio.Task[Any] | None) -> None:
    """Cancel `task` and wait until it is out of the way; what it failed with is raised here.

    None is a task that was never begun.
    """
    if task is None:
        return
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
