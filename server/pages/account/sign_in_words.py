"""A sign-in in words: how somebody signed in, and with what."""

from __future__ import annotations

from typing import Any

from care.accounts import Method
from server.language import N_

#: How somebody signed in, in words.
METHODS = {
    Method.PASSWORD: N_("Lösenord"),
    Method.CODE_APP: N_("Lösenord och kod i appen"),
    Method.PASSKEY: N_("Lösenord och lösennyckel"),
    Method.RECOVERY_CODE: N_("Lösenord och reservkod"),
    Method.OIDC: N_("Kommunens inloggning"),
}


def browser(user_agent: str, say: Any) -> str:
    """A browser and system in words that people know, as far as they can be told."""
    names = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
    )  # fmt: skip
    name = next((word for mark, word in names if mark in user_agent), "")
    system = next((word for mark, word in systems if mark in user_agent), "")
    return ", ".join(part for part in (name, system) if part) or str(say("Okänd enhet"))
