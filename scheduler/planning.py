"""Where planning runs: a low-priority worker process that sees arrays only, never the event loop.

One worker keeps results repeatable. It is started (and the solver imported) at `start`, replaced when it
dies, can be asked to stop by a flag, and dies with the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event as Flag
from typing import Any

from care.errors import Fault
from scheduler.planner.plan import Plan
from scheduler.planner.problem import Problem
from scheduler.planner.stop import Budget

NICENESS = 10
PR_SET_PDEATHSIG = 1

#: In the worker: the flag by which the server asks it to stop. A process has one worker, so one flag.
_flag: list[Flag] = []


def _prepare(cancel: Flag, parent: int) -> None:
    """In the worker: low priority, end with the parent, leave Ctrl-C to it, warm the solver."""
    _flag[:] = [cancel]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    import ortools.sat.python.cp_model  # noqa: F401  (two seconds that nobody should wait for)


def _solve(problem: Problem, seed: int, budget: Budget) -> Plan:
    from scheduler.planner.solve import solve

    cancel = _flag[0]
    cancel.clear()
    return solve(problem, seed=seed, stop=budget, cancelled=cancel.is_set)


def _ready() -> bool:
    return True


class PlanningPool:
    """The one planning worker of a process."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._cancel: Flag = self._context.Event()
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=self._context,
                initializer=_prepare,
                initargs=(self._cancel, os.getpid()),
            )
        return self._pool

    async def start(self) -> None:
        """Warm the worker, so that the first disruption of the day does not wait for it."""
        await self._run(_ready)

    async def stop(self) -> None:
        self.cancel()
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.get_running_loop().run_in_executor(None, lambda: pool.shutdown(cancel_futures=True))

    def cancel(self) -> None:
        """Ask a running search to come back with the best it has."""
        self._cancel.set()

    async def solve(self, problem: Problem, *, seed: int, budget: Budget) -> Plan:
        """Plan in the worker. Raises `Fault` ``planning.died`` (503) when it died twice."""
        async with self._turn:
            plan: Plan = await self._run(_solve, problem, seed, budget)
        return plan

    async def _run(self, function: Any, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        for _ in range(2):
            try:
                return await loop.run_in_executor(self._workers(), function, *arguments)
            except BrokenProcessPool:
                self._pool = None
        raise Fault(
            "planning.died",
            "Planeringen avbröts. Inget är ändrat. Försök igen om en stund.",
            status=503,
        )
