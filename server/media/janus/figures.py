"""What Janus counted: asked of its admin websocket, for one room."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any
from uuid import UUID

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse

from server.media.engine import PersonStats, RoomStats, SourceStats, ViewStats
from server.media.janus.node import Handle
from server.media.janus.publishing import sender_of
from server.media.janus.room import Room
from server.media.janus.session import Gone
from server.media.janus.viewing import Shown

#: Seconds for all of it.
ANSWER = 5.0


async def figures(client: ClientSession, room: Room) -> RoomStats:
    """The room's people and their streams. Without an admin address only who is there. Raises `Gone`.

    `cpu` is 0: what the process of a node uses is told by the machine that it runs on.
    """
    home, seats = room.home, list(room.seats.values())
    if home is None:
        raise Gone("not placed")
    address = home.node.address
    if not address.admin_url:
        return RoomStats(tuple(PersonStats(seat.who, (), (), None) for seat in seats), 0.0, 0)
    try:
        async with (
            asyncio.timeout(ANSWER),
            client.ws_connect(address.admin_url, protocols=("janus-admin-protocol",)) as socket,
        ):
            people, forwarded = [], 0
            for seat in seats:
                sent, seen = seat.publishing, seat.viewing
                sources = sources_of(await _media(socket, address.secret, sent.handle if sent else None))
                came = await _media(socket, address.secret, seen.handle if seen else None)
                views = views_of(came, seen.streams if seen else ())
                forwarded += sum(view.packets for view in views)
                people.append(PersonStats(seat.who, sources, views, None))
    except (OSError, ClientError, TimeoutError, TypeError, ValueError) as error:
        raise Gone(type(error).__name__) from error
    return RoomStats(tuple(people), 0.0, forwarded)


def sources_of(media: dict[str, Any]) -> tuple[SourceStats, ...]:
    """What comes in on a publish connection."""
    return tuple(
        SourceStats(
            kind=str(one["type"]),
            packets=int(_in(one, "packets")),
            lost=int(_rtcp(one).get("lost", 0)),
            repaired=int(_in(one, "retransmissions")),
            bits=8 * int(_in(one, "bytes_lastsec")),
            keyframes_asked=0,
        )
        for one in media.values()
        if one.get("direction", {}).get("recv") and one.get("type") in ("audio", "video")
    )


def views_of(media: dict[str, Any], shown: tuple[Shown, ...]) -> tuple[ViewStats, ...]:
    """What goes out on a subscribe connection; parked m-lines are left out."""
    by_mid: dict[str, UUID | None] = {one.mid: sender_of(one.feed) for one in shown}
    views = []
    for one in media.values():
        if str(one.get("mid")) not in by_mid:
            continue
        packets = int(one["stats"].get("out", {}).get("packets", 0))
        round_trip = int(_rtcp(one).get("rtt", 0))
        views.append(
            ViewStats(
                kind=str(one["type"]),
                who=by_mid[str(one["mid"])],
                packets=packets,
                resent=int(_in(one, "nacks")),
                refused=0,
                loss=min(1.0, int(_rtcp(one).get("lost-by-remote", 0)) / packets) if packets else 0.0,
                round_trip=round_trip / 1000 if round_trip else None,
            )
        )
    return tuple(views)


async def _media(socket: ClientWebSocketResponse, secret: str, handle: Handle | None) -> dict[str, Any]:
    """The m-lines of a connection, with their figures; empty when there is none."""
    if handle is None:
        return {}
    asked = {"janus": "handle_info", "transaction": secrets.token_hex(8), "admin_secret": secret}
    await socket.send_json({**asked, "session_id": handle.session.number, "handle_id": handle.number})
    said = await socket.receive_json()
    webrtc = said.get("info", {}).get("webrtc", {})
    media: dict[str, Any] = webrtc.get("media", {})
    return media


def _in(one: dict[str, Any], name: str) -> Any:
    return one["stats"].get("in", {}).get(name, 0)


def _rtcp(one: dict[str, Any]) -> dict[str, Any]:
    main: dict[str, Any] = one.get("rtcp", {}).get("main", {})
    return main
