"""What is said beside picture and sound is passed to the other side, and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from care.calls.call import CallRole
from server.calls.in_call import AnyInCall, Gathered, Shown, ShowText, Trouble, Volume
from server.calls.measured import CALL_METRICS
from server.calls.message import Message
from server.calls.notes import Passed

if TYPE_CHECKING:
    from server.calls.side import Side
    from server.calls.socket import Handler


def handlers(side: Side) -> dict[type[Message], Handler]:
    """What `side` may say of this kind, by type of message."""

    async def trouble(message: Trouble) -> None:
        side.seat(message.call)
        if message.state == "found":
            side.app[CALL_METRICS].is_wrong(message.what, side.role.value)
            await side.sampling.note(message.call, message.what)
        # The client is never told of a fault of the worker's: there is nothing for the client to do.
        if side.role is CallRole.CLIENT:
            await _pass(side, message)

    async def say(message: ShowText | Shown | Volume | Gathered) -> None:
        await _pass(side, message)

    own = Shown if side.role is CallRole.CLIENT else ShowText
    return {Trouble: trouble, Volume: say, Gathered: say, own: say}


async def _pass(side: Side, message: AnyInCall) -> None:
    seat = side.seat(message.call)
    if seat.is_over:
        # On its way when the call ended.
        return
    message.n = None
    await side.hub.relay.publish(seat.other, Passed(beside=message))
