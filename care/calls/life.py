"""The life of a call: ringing → connecting → connected ⇄ reconnecting → ended(cause)."""

from __future__ import annotations

from enum import StrEnum

from care.errors import Fault


class CallState(StrEnum):
    RINGING = "ringing"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    ENDED = "ended"


class Cause(StrEnum):
    """Why a call ended: exactly one. Documented in ``docs/protocol.md``."""

    HUNG_UP = "hung_up"
    NO_ANSWER = "no_answer"
    NOT_NOW = "not_now"
    CANCELLED = "cancelled"
    TABLET_OFFLINE = "tablet_offline"
    BUSY = "busy"
    MEDIA_FAILED = "media_failed"
    LOST = "lost"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    REVOKED = "revoked"
    SERVER_RESTART = "server_restart"

    @property
    def is_conversation(self) -> bool:
        """True when the call ended as calls should."""
        return self is Cause.HUNG_UP


STEPS: dict[CallState, frozenset[CallState]] = {
    CallState.RINGING: frozenset({CallState.CONNECTING, CallState.ENDED}),
    CallState.CONNECTING: frozenset({CallState.CONNECTED, CallState.RECONNECTING, CallState.ENDED}),
    CallState.CONNECTED: frozenset({CallState.RECONNECTING, CallState.ENDED}),
    CallState.RECONNECTING: frozenset({CallState.CONNECTED, CallState.ENDED}),
    CallState.ENDED: frozenset(),
}


def check_step(before: CallState, after: CallState) -> None:
    """Raise `Fault` ``call.step`` (409) when the step is not in the table."""
    if after not in STEPS[before]:
        raise Fault(
            "call.step",
            "Samtalet är %(before)s och kan inte bli %(after)s.",
            status=409,
            place="state",
            values={"before": before.value, "after": after.value},
        )
