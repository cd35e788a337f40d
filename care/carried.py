"""What a worker did without cover: kept on the phone with its own time, told once there is contact again.

Each deed has a key that the phone made, so that it is entered once however often it is sent. It stays beside
what it became, with the phone's time; where it meets what somebody else has done, both stand and a person
decides. A pulse is never a deed here: an answer without a name must not get one by being late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.contacts.contact import PlannedContact
from care.contacts.elsewhere import registered_in
from care.contacts.life import Status
from care.contacts.performing import LONGEST, check_in, check_out
from care.contacts.step import Hand
from care.errors import Fault
from care.ids import new_id
from care.receipts import Given, Receipt, Result, valid_receipts
from care.staff import Shift
from care.storage.columns import Base, Id, link, words
from care.storage.insert import insert_missing

#: A phone keeps a day, and a deed can be told, for so long.
KEPT = timedelta(hours=12)
#: A clock that differs by more between entering and sending has been set meanwhile.
CLOCK_SLACK = timedelta(minutes=2)
#: Work may begin before a shift and end after it by so much.
AROUND_SHIFT = timedelta(hours=2)


class DeedKind(StrEnum):
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    RECEIPT = "receipt"


class Outcome(StrEnum):
    #: Entered in the record.
    DONE = "done"
    #: It stood there already; nothing more was needed.
    SAME = "same"
    #: It meets something else: both stand until a person has decided.
    DECIDE = "decide"
    #: A person has decided: the carried one counts, or what stood already does.
    MINE = "mine"
    THEIRS = "theirs"
    #: The worker may not change that row; nothing is kept of it but that it was tried.
    REFUSED = "refused"


class Doubt(StrEnum):
    """Why a person must decide."""

    #: The phone's clock was set between entering and sending: when it was, nobody can tell.
    CLOCK = "clock"
    TOO_OLD = "too_old"
    OUTSIDE_SHIFT = "outside_shift"
    #: Somebody else has receipted in another way.
    RECEIPTED = "receipted"
    #: The row was cancelled, replaced or is unclear meanwhile, or never begun.
    STEP = "step"
    #: It ended before it began.
    TIMES = "times"
    #: Another system registers the visits of that group: the time belongs there.
    ELSEWHERE = "elsewhere"


class CarriedDeed(Base):
    """One deed as the phone told it."""

    __tablename__ = "carried_deed"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[Id]
    #: Made by the phone.
    key: Mapped[UUID]
    account_id: Mapped[UUID] = link("account.id", index=False)
    staff_id: Mapped[UUID | None] = link("staff.id", index=False)
    contact_id: Mapped[UUID | None] = link("planned_contact.id")
    kind: Mapped[DeedKind] = mapped_column(words(DeedKind))
    #: What the phone's clock showed, and the same moment by the server's.
    phone_at: Mapped[datetime]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    doubt: Mapped[Doubt | None] = mapped_column(words(Doubt))
    #: A receipt: line id → result, note, follow_up.
    said: Mapped[dict[str, Any]] = mapped_column(default=dict)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = link("account.id", index=False)

    def given(self) -> dict[UUID, Given]:
        """What it says of each line."""
        return {
            UUID(line): Given(Result(one["result"]), one["note"], one["follow_up"])
            for line, one in self.said.items()
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was done, by the server's clock, and what speaks against believing it."""

    at: datetime
    doubt: Doubt | None


def server_time(
    phone_at: datetime, sent_at: datetime, now: datetime, known_offset: timedelta | None
) -> Moment:
    """The moment `phone_at` by the server's clock.

    `sent_at` is what the phone's clock shows as it sends, `now` the server's at that moment: they differ by
    how wrong the phone is. `known_offset` is the same difference when the phone last had contact before the
    deed; when the two disagree the clock has been set in between.
    """
    offset = now - sent_at
    at = min(phone_at + offset, now)
    if phone_at > sent_at + CLOCK_SLACK:
        return Moment(now, Doubt.CLOCK)
    if known_offset is not None and abs(known_offset - offset) > CLOCK_SLACK:
        return Moment(at, Doubt.CLOCK)
    return Moment(at, Doubt.TOO_OLD if now - at > KEPT else None)


def is_outside(at: datetime, shifts: Iterable[Shift]) -> bool:
    """Whether `at` lies outside the hours of every shift; nobody is outside who has none."""
    hours = [(one.start - AROUND_SHIFT, one.end + AROUND_SHIFT) for one in shifts]
    return bool(hours) and not any(start <= at <= end for start, end in hours)


async def take(session: AsyncSession, deed: Mapping[str, Any]) -> tuple[CarriedDeed, bool]:
    """The row of a deed, and whether it is new. One that has been told before is given as it became."""
    made = await insert_missing(session, CarriedDeed, [{"id": new_id(), **deed}])
    row = await session.scalar(
        select(CarriedDeed)
        .where(CarriedDeed.account_id == deed["account_id"], CarriedDeed.key == deed["key"])
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise AssertionError("a deed is there once it has been taken")
    return row, bool(made)


async def perform(
    session: AsyncSession, deed: CarriedDeed, contact: PlannedContact, *, now: datetime
) -> None:
    """Check in or out as the deed says; sets its outcome. Nothing is changed where a person must decide."""
    hand = Hand("phone", deed.account_id, phone_at=deed.phone_at)
    is_in = deed.kind is DeedKind.CHECK_IN
    if contact.status.is_done or (is_in and contact.status is Status.UNDERWAY):
        deed.outcome = Outcome.SAME
        return
    if contact.status is not Status.UNDERWAY and await registered_in(session, contact) is not None:
        # The phone carried the day from before: what it says is kept until somebody has seen to it.
        put_off(deed, Doubt.ELSEWHERE)
        return
    try:
        if is_in:
            await check_in(session, contact, at=now, hand=hand, staff_id=deed.staff_id, began=deed.at)
        elif contact.actual_start is not None and not (
            timedelta() < deed.at - contact.actual_start <= LONGEST
        ):
            put_off(deed, Doubt.TIMES)
        else:
            await check_out(session, contact, at=now, hand=hand, ended=deed.at)
    except Fault as fault:
        if fault.code not in {"contact.step", "contact.not_begun"}:
            raise
        put_off(deed, Doubt.STEP)


def put_off(deed: CarriedDeed, doubt: Doubt) -> None:
    """Leave it for a person to decide."""
    deed.outcome, deed.doubt = Outcome.DECIDE, doubt


async def conflicting(session: AsyncSession, deed: CarriedDeed) -> bool:
    """Whether somebody else's receipt says something else of a line. A press on Klart is no judgement."""
    given = deed.given()
    return any(
        one.account_id != deed.account_id and one.result is not Result.PRESSED and not _says(one, given[line])
        for line, one in (await valid_receipts(session, given)).items()
    )


def _says(receipt: Receipt, said: Given) -> bool:
    return (receipt.result, receipt.note, receipt.follow_up) == (
        said.result, said.note.strip() or None, said.follow_up,
    )  # fmt: skip


async def undecided(session: AsyncSession, contact_ids: Iterable[UUID]) -> list[CarriedDeed]:
    """What waits for a person on those rows, in the order it was done."""
    rows = await session.scalars(
        select(CarriedDeed)
        .where(CarriedDeed.contact_id.in_(list(contact_ids)), CarriedDeed.outcome == Outcome.DECIDE)
        .order_by(CarriedDeed.at, CarriedDeed.id)
    )
    return list(rows)


def decide(deed: CarriedDeed, outcome: Outcome, *, at: datetime, account_id: UUID | None) -> None:
    """Keep what a person decided. Raises `Fault` ``carried.decided`` (409) when somebody has already."""
    if deed.outcome is not Outcome.DECIDE:
        raise Fault("carried.decided", "Någon har redan bestämt. Ladda om sidan.", status=409, place="decide")
    deed.outcome, deed.decided_at, deed.decided_by_id = outcome, at, account_id
