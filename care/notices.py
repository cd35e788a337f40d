"""What a client is to be told about a changed plan, and whether it reached them.

A change is told once by sound and words on the tablet and stands until touched; a tablet that has not
shown it within ten minutes makes a task to ring and tell. At night the screen is dark and nobody is rung for
a change that can wait: the ten minutes count from when the client could have seen it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Mapped, mapped_column

from care.night import Night
from care.storage.columns import Base, Id, link

#: How long a lit screen has to show a change.
TO_SHOW = timedelta(minutes=10)
#: A client is told at least this long before what has changed begins, also at night.
BEFORE_START = timedelta(minutes=30)


def hand_over_at(made_at: datetime, starts: datetime, night: Night, zone: ZoneInfo) -> datetime:
    """When people take over from a screen that has not shown a change.

    Ten minutes of a lit screen after it was made; yet no later than half an hour before `starts`, the first
    moment at which the client would notice the change, and never earlier than ten minutes after it was made.
    """
    return max(made_at + TO_SHOW, min(night.lit(made_at, TO_SHOW, zone), starts - BEFORE_START))


class Notice(Base):
    __tablename__ = "notice"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    contact_id: Mapped[UUID] = link("planned_contact.id")
    change_id: Mapped[UUID | None] = link("proposal_change.id", index=False)
    made_at: Mapped[datetime]
    #: What the sentence is made of: kind, time, first name, word. Rendered in the client's language.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    shown_at: Mapped[datetime | None]
    touched_at: Mapped[datetime | None]
    #: The task to ring and tell, once the tablet has not shown it in time.
    task_id: Mapped[UUID | None] = link("task.id")
    told_at: Mapped[datetime | None]
    told_by_id: Mapped[UUID | None] = link("account.id", index=False)
