"""All rooms of the process, and the answer to each question of the server."""

from __future__ import annotations

import resource
from collections.abc import Callable
from time import monotonic
from uuid import UUID

from server.media.description import Unusable
from server.media.embedded import messages as said
from server.media.embedded.room import Refusal, Room
from server.media.engine import Event, RoomStats


class House:
    """Rooms by id. `tell` sends an event to the server."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self.rooms: dict[UUID, Room] = {}

    def _room(self, room: UUID) -> Room:
        found = self.rooms.get(room)
        if found is None:
            raise Refusal("media.no_room")
        return found

    async def handle(self, question: said.Question) -> said.Done | said.Refused:
        """Do what is asked. What cannot be done is answered, never raised."""
        try:
            done = await self._do(question)
        except Refusal as refusal:
            return said.Refused(n=question.n, code=refusal.code)
        except Unusable:
            return said.Refused(n=question.n, code="media.description")
        done.n = question.n
        return done

    async def _do(self, question: said.Question) -> said.Done:
        match question:
            case said.OpenRoom(room=room, seats=seats):
                self.rooms.setdefault(room, Room(room, seats, self._tell))
            case said.CloseRoom(room=room):
                closing = self.rooms.pop(room, None)
                if closing is not None:
                    await closing.close()
            case said.Publish(room=room, who=who, offer=offer, ice=ice):
                return said.Done(n=0, sdp=await self._room(room).publish(who, offer, ice))
            case said.Subscribe(room=room, who=who, sources=sources, renew=renew, ice=ice):
                return said.Done(n=0, offer=await self._room(room).subscribe(who, sources, renew, ice))
            case said.TakeAnswer(room=room, who=who, number=number, sdp=sdp):
                await self._room(room).answer(who, number, sdp)
            case said.Trickle(room=room, who=who, line=line, candidate=candidate, mid=mid):
                await self._room(room).trickle(who, line, candidate, mid)
            case said.RequestKeyframe(room=room, who=who, source=source):
                self._room(room).request_keyframe(who, source, monotonic())
            case said.Leave(room=room, who=who):
                await self._room(room).leave(who)
            case said.AskStats(room=room):
                return said.Done(n=0, stats=self._stats(self._room(room)))
            case said.Ping():
                pass
        return said.Done(n=0)

    def tick(self) -> None:
        """Twenty times a second."""
        now = monotonic()
        for room in list(self.rooms.values()):
            room.tick(now)

    def _stats(self, room: Room) -> RoomStats:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return RoomStats(
            people=tuple(seat.stats() for seat in room.seats.values()),
            cpu=used.ru_utime + used.ru_stime,
            forwarded=sum(one.forwarded for one in self.rooms.values()),
        )
