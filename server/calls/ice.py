"""ICE servers for one call: our own TURN with a short-lived credential, or none at all.

The credential is the one that coturn's ``use-auth-secret`` understands: the user name is the Unix time it
ends and a label, the password its HMAC-SHA1 with the shared secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from care.errors import Fault
from server.configuration import Turn


def ice_servers(turn: Turn | None, call_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """``RTCConfiguration.iceServers`` for `call_id`; empty without TURN of our own: never somebody else's."""
    if turn is None:
        return []
    ends = int((now + timedelta(minutes=turn.minutes)).timestamp())
    user = f"{ends}:{call_id.hex}"
    digest = hmac.new(turn.secret.encode(), user.encode(), hashlib.sha1).digest()
    return [{"urls": turn.urls, "username": user, "credential": base64.b64encode(digest).decode()}]


def check_relay(turn: Turn | None, *, is_protected: bool, has_guest: bool = False) -> bool:
    """True when the call must go through the relay: a direct path shows the address of the home.

    Raises `Fault` ``call.no_relay`` when it must and there is none.
    """
    if has_guest and turn is None:
        raise Fault(
            "call.no_relay",
            "Den som bjuds in kan annars se varifrån hemmet är uppkopplat. "
            "Det behövs en TURN-server innan någon kan vara med utifrån.",
            status=409,
            place="guest",
        )
    if is_protected and turn is None:
        raise Fault(
            "call.no_relay",
            "Personen har skyddade uppgifter, och ett videosamtal kan visa var hemmet finns. "
            "Det behövs en TURN-server innan ni kan ringa med video. Ring på telefon i stället.",
            status=409,
            place="contact",
        )
    return is_protected or has_guest
