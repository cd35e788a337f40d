"""Consent: what a client, and somebody living there, has said yes to (domain L2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class ConsentKind(StrEnum):
    DIGITAL_VISIT = "digital_visit"
    AUTO_ANSWER = "auto_answer"
    CAMERA_CHECK = "camera_check"
    RELATIVE_CALLS = "relative_calls"
    GROUP_ACTIVITY = "group_activity"
    PHOTO = "photo"
    DEVICE_EVENTS = "device_events"


class ConsentPerson(StrEnum):
    CLIENT = "client"
    COHABITANT = "cohabitant"


class GivenHow(StrEnum):
    ORAL = "oral"
    SIGNED = "signed"
    WITH_SUPPORT = "with_support"
    IMPORTED = "imported"


class Consent(Base):
    """One yes (or a no), by one person, for one thing."""

    __tablename__ = "consent"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    kind: Mapped[ConsentKind] = mapped_column(words(ConsentKind))
    person: Mapped[ConsentPerson] = mapped_column(words(ConsentPerson), default=ConsentPerson.CLIENT)
    given_how: Mapped[GivenHow] = mapped_column(words(GivenHow))
    given_at: Mapped[datetime]
    #: The name of whoever answered: the client, who lives there, a representative.
    given_by: Mapped[str | None]
    #: Who took the answer down.
    recorded_by_id: Mapped[UUID | None] = link("account.id", index=False)
    document: Mapped[str | None]
    review_on: Mapped[date | None]
    #: An imported consent is "att bekräfta" and not valid until somebody has confirmed it.
    confirmed_at: Mapped[datetime | None]
    refused: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    #: Who took the withdrawal down.
    withdrawn_by_id: Mapped[UUID | None] = link("account.id", index=False)

    def valid(self, instant: datetime) -> bool:
        """Given, confirmed, not refused and not withdrawn at that instant."""
        return (
            not self.refused
            and self.confirmed_at is not None
            and self.confirmed_at <= instant
            and self.given_at <= instant
            and (self.withdrawn_at is None or instant < self.withdrawn_at)
        )

    def review_due(self, instant: datetime, today: date) -> bool:
        """True when a valid yes was to be asked about again by `today`."""
        return self.valid(instant) and self.review_on is not None and self.review_on <= today


def has_consent(
    consents: Iterable[Consent],
    kind: ConsentKind,
    instant: datetime,
    person: ConsentPerson = ConsentPerson.CLIENT,
) -> bool:
    """True when that person's last word about that thing is a valid yes.

    A refusal or a withdrawal is a no from when it was said; only a yes given after the last no counts.
    """
    own = [c for c in consents if c.kind is kind and c.person is person]
    noes = [c.given_at for c in own if c.refused and c.given_at <= instant]
    noes += [c.withdrawn_at for c in own if c.withdrawn_at is not None and c.withdrawn_at <= instant]
    last_no = max(noes, default=None)
    return any(c.valid(instant) and (last_no is None or c.given_at > last_no) for c in own)
