"""What runs beside the requests comes to an orderly end."""

from __future__ import annotations

import asyncio

import pytest

from server.background import ended


async def test_a_running_task_is_out_of_the_way_when_it_has_ended() -> None:
    """Also one that tidies up first."""
    done: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("tidied")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await ended(task)
    assert task.cancelled()
    assert done == ["tidied"]


async def test_what_was_never_begun_or_is_over_already_is_no_fault() -> None:
    """A server that fails at start ends what it has not begun."""
    await ended(None)
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await ended(task)


async def test_a_failure_of_its_own_is_not_hidden() -> None:
    """Only the cancelling is expected."""

    async def fail() -> None:
        raise LookupError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    with pytest.raises(LookupError):
        await ended(task)
