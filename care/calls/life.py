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
    """Why a call ended: exactly one. ``docs/calls.md`` says of each what it means and what to do."""

    HUNG_UP = "hung_up"
    NO_ANSWER = "no_answer"
    NOT_NOW = "not_now"
    CANCELLED = "cancelled"
    TABLET_OFFLINE = "tablet_offline"
    BUSY = "busy"
    #: A side may use neither camera nor microphone.
    NO_DEVICES = "no_devices"
    #: No way between the two sides: a firewall, and no relay that gets through it.
    NO_PATH = "no_path"
    #: There was a way, and still nothing came.
    MEDIA_FAILED = "media_failed"
    #: The tablet was gone for the whole grace.
    LOST = "lost"
    #: The worker's page was.
    WORKER_LOST = "worker_lost"
    #: Both were there, and nothing came through between them.
    LINE_LOST = "line_lost"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    REVOKED = "revoked"
    SERVER_RESTART = "server_restart"

    @property
    def is_conversation(self) -> bool:
        """True when the call ended as calls should."""
        return self is Cause.HUNG_UP

    @property
    def is_technical(self) -> bool:
        """True when a machine or a network failed: nobody wanted the call to end so."""
        return self in _TECHNICAL


_TECHNICAL = frozenset(
    {
        Cause.TABLET_OFFLINE,
        Cause.NO_DEVICES,
        Cause.NO_PATH,
        Cause.MEDIA_FAILED,
        Cause.LOST,
        Cause.WORKER_LOST,
        Cause.LINE_LOST,
        Cause.SERVER_RESTART,
    }
)


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
