"""What is the same for accounts wherever they are changed: names, and the log of every change."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from care.access.log import AccessLog
from care.access.rights import Action
from care.errors import Fault
from care.ids import new_id

_USERNAME = re.compile(r"[a-zåäö0-9][a-zåäö0-9._@-]{1,63}")


def check_username(text: str) -> str:
    """The user name in lower case. Raises `Fault` ``account.bad_username``."""
    username = text.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise Fault(
            "account.bad_username",
            "Användarnamnet ska ha 2 till 64 tecken: bokstäver, siffror, punkt, bindestreck och @.",
            place="username",
        )
    return username


def note_change(at: datetime, account_id: UUID, what: str, *, where: str) -> AccessLog:
    """A row of the access log for a change that no request made (the command line)."""
    return AccessLog(
        id=new_id(),
        at=at,
        account_id=None,
        device_id=None,
        role="command_line",
        relation="everywhere",
        group_id=None,
        client_id=None,
        action=Action.ACCOUNT_MANAGE.value,
        thing=f"account:{account_id}:{what}",
        purpose="administration",
        allowed=True,
        where=where,
        address=None,
    )
