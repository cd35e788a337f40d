"""What a client is to be told about a changed plan, and whether it reached them.

A change is told once by sound and words on the tablet and stands until touched; a tablet that has not
shown it within ten minutes makes a task to ring and tell.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link

MINUTES_TO_SHOW = 10


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
