"""The forwarder's process: ``python -m server.media.embedded --socket FD``; started by `supervisor` alone.

It ends when the server's end of the socket closes, however the server ended.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import socket
from contextlib import suppress

from server.media.embedded import messages as said
from server.media.embedded import network, pin
from server.media.embedded.house import House

#: Seconds between two looks at what is missing.
TICK = 0.05
#: The nice value that is asked for.
PRIORITY = -10

log = logging.getLogger("samtid.media")


async def serve(end: socket.socket) -> None:
    """Answer questions until the other end closes."""
    reader, writer = await asyncio.open_connection(sock=end, limit=said.LARGEST)

    def send(message: said.Reply) -> None:
        if not writer.is_closing():
            writer.write(said.framed(message))

    house = House(lambda event: send(said.Told(event)))  # type: ignore[arg-type]
    doing: set[asyncio.Task[None]] = set()

    async def answer(question: said.Question) -> None:
        try:
            send(await house.handle(question))
        except Exception:
            # One question that went wrong must not take everybody's call down.
            log.exception("question failed: %s", type(question).__name__)
            send(said.Refused(n=question.n, code="media.away"))

    ticking = asyncio.create_task(_tick(house))
    try:
        while True:
            task = asyncio.create_task(answer(said.read_question(await said.frame(reader))))
            doing.add(task)
            task.add_done_callback(doing.discard)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        ticking.cancel()
        for task in list(doing):
            task.cancel()
        for room in house.rooms.values():
            await room.close()
        writer.close()


async def _tick(house: House) -> None:
    while True:
        await asyncio.sleep(TICK)
        try:
            house.tick()
        except Exception:
            log.exception("tick failed")


def main() -> None:
    parser = argparse.ArgumentParser(prog="server.media.embedded")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--address", action="append", default=[])
    parser.add_argument("--relay-only", action="store_true")
    parser.add_argument("--ports", type=int, nargs=2)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    for difference in pin.differences():
        log.warning("the forwarder was not tried with this: %s", difference)
    if asked.address or asked.relay_only:
        # Relayed candidates need no address of ours.
        network.only(() if asked.relay_only else asked.address)
    # Sound that comes late is sound that is lost: before pages and plans, where the system lets us.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    # What is imported lives as long as the process: no need to look through it again.
    gc.freeze()
    ports = tuple(asked.ports) if asked.ports else None
    end = socket.socket(fileno=asked.socket)
    end.setblocking(False)
    with asyncio.Runner(loop_factory=lambda: network.PortRange(ports)) as runner:
        runner.run(serve(end))


if __name__ == "__main__":
    main()
