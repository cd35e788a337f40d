"""Guests in words: for who waits, and for the worker who lets them in."""

from __future__ import annotations

from collections.abc import Callable

from care.calls.call import CallRole
from care.guests.invitation import Invitation
from server.language import N_

Translate = Callable[[str], str]

ROLES = {
    CallRole.RELATIVE: N_("anhörig"),
    CallRole.INTERPRETER: N_("tolk"),
    CallRole.COLLEAGUE: N_("kollega"),
    CallRole.MANAGER: N_("chef"),
}
_WORKER = {
    "invited": N_("%(who)s är inbjuden"),
    "early": N_("%(who)s är här redan"),
    "waiting": N_("%(who)s väntar"),
    "inside": N_("%(who)s är med"),
    "away": N_("%(who)s är på väg in"),
}
_GUEST = {
    "early": N_("Samtalet börjar %(time)s. Du kan vänta här."),
    "waiting": N_("Vänta lite. %(host)s släpper in dig."),
    "admitted": N_("Du är med i samtalet"),
    "ended": N_("Samtalet är slut. Tack för att du var med."),
}


def who(invitation: Invitation, say: Translate) -> str:
    """Lisa (dotter); Amal (tolk)."""
    return f"{invitation.name} ({invitation.relation or say(ROLES[invitation.role])})"


def for_worker(state: str, invitation: Invitation, say: Translate) -> str:
    return say(_WORKER[state]) % {"who": who(invitation, say)}


def for_guest(state: str, host: str, time: str, say: Translate) -> str:
    """`host` is the first name of who invites, `time` when it begins."""
    return say(_GUEST[state]) % {"host": host or say(N_("Personalen")), "time": time}
