"""Clients: who they are, where they live, whom they know and what is agreed with them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, FromElsewhere, Id, link, words


class DecisionAbility(StrEnum):
    """Who decides; *unclear* blocks all video until a named person has decided (L3)."""

    OWN = "own"
    WITH_SUPPORT = "with_support"
    REPRESENTATIVE = "representative"
    UNCLEAR = "unclear"


class Protection(StrEnum):
    """Protected identity (I3). Anything but none hides address, phone, surname and picture."""

    NONE = "none"
    CONFIDENTIALITY_MARK = "confidentiality_mark"
    PROTECTED_REGISTRATION = "protected_registration"
    ASSUMED_IDENTITY = "assumed_identity"


class VideoWish(StrEnum):
    """The client's own word about video."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Risk(StrEnum):
    """How fast somebody must go there when nobody answers (domain 3.2)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class CareScope(StrEnum):
    """Whether daily care is given, or only an alarm, meal delivery or the like."""

    HOME_CARE = "home_care"
    LIMITED = "limited"
    ENDED = "ended"


class NoNamed(StrEnum):
    """Why a client has no named care worker (domain 1.4 #82)."""

    UNNECESSARY = "obviously_unnecessary"
    DECLINED = "declined"


class Client(FromElsewhere, Base):
    """A person with a home care decision (brukare)."""

    __tablename__ = "client"
    __table_args__ = (UniqueConstraint("source", "extern_id"),)

    id: Mapped[Id]
    group_id: Mapped[UUID] = link("home_care_group.id")
    small_team_id: Mapped[UUID | None] = link("small_team.id")
    first_name: Mapped[str]
    last_name: Mapped[str]
    #: Sealed by `care.identity.vault`; the key lies outside the database.
    personal_number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    birth_date: Mapped[date | None]
    care_scope: Mapped[CareScope] = mapped_column(words(CareScope), default=CareScope.HOME_CARE)
    has_health_care: Mapped[bool] = mapped_column(default=False)

    address: Mapped[str | None]
    place: Mapped[str | None]
    building: Mapped[str | None]
    floor: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    #: Minutes by car from the group's centre: an estimate used where coordinates are missing.
    centre_minutes: Mapped[float | None]
    phone: Mapped[str | None]
    door_note: Mapped[str | None] = mapped_column(Text())
    has_digital_lock: Mapped[bool] = mapped_column(default=False)
    has_mobile_cover: Mapped[bool] = mapped_column(default=True)

    language: Mapped[str] = mapped_column(default="sv")
    important_to_me: Mapped[str | None] = mapped_column(Text())
    #: Name of a picture. Shown only with a photo consent, and never for a protected identity.
    portrait: Mapped[str | None]
    has_hearing_aid: Mapped[bool] = mapped_column(default=False)
    lives_alone: Mapped[bool] = mapped_column(default=True)
    cohabitant_name: Mapped[str | None]

    decision_ability: Mapped[DecisionAbility] = mapped_column(
        words(DecisionAbility), default=DecisionAbility.UNCLEAR
    )
    #: The named person who has decided on who decides, and when (L3).
    decision_by: Mapped[str | None]
    decision_on: Mapped[date | None]
    protection: Mapped[Protection] = mapped_column(words(Protection), default=Protection.NONE)
    video_wish: Mapped[VideoWish] = mapped_column(words(VideoWish), default=VideoWish.UNKNOWN)
    #: "Vill inte ha video i dag": the local day that was meant.
    no_video_on: Mapped[date | None]
    risk: Mapped[Risk] = mapped_column(words(Risk), default=Risk.NORMAL)
    choking_risk: Mapped[bool] = mapped_column(default=False)

    named_care_worker_id: Mapped[UUID | None] = link("staff.id")
    #: Why there is none: a word of `NoNamed`.
    no_named_care_worker_reason: Mapped[str | None]
    night_checks: Mapped[int] = mapped_column(default=0)
    #: Local hours of the night curtain on the tablet.
    night_from: Mapped[str] = mapped_column(default="21:00")
    night_to: Mapped[str] = mapped_column(default="07:00")

    @property
    def is_protected(self) -> bool:
        return self.protection is not Protection.NONE

    @property
    def short_name(self) -> str:
        """Ingrid B.; only the first name for a protected identity."""
        if self.is_protected or not self.last_name:
            return self.first_name
        return f"{self.first_name} {self.last_name[:1]}."

    @property
    def full_name(self) -> str:
        """Ingrid Berg; only the first name for a protected identity."""
        return self.first_name if self.is_protected else f"{self.first_name} {self.last_name}".strip()


class KnownStaff(Base):
    """Staff whom the client knows, best known first (the named care worker has rank 0)."""

    __tablename__ = "known_staff"
    __table_args__ = (UniqueConstraint("client_id", "staff_id"),)

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    staff_id: Mapped[UUID] = link("staff.id")
    rank: Mapped[int] = mapped_column(default=0)


class ContactPerson(Base):
    """A relative or other person to ring, in order."""

    __tablename__ = "contact_person"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    name: Mapped[str]
    relation: Mapped[str]
    phone: Mapped[str]
    rank: Mapped[int] = mapped_column(default=0)
    may_call: Mapped[bool] = mapped_column(default=False)


class AbsenceKind(StrEnum):
    HOSPITAL = "hospital"
    DAY_CENTRE = "day_centre"
    TRAVEL = "travel"
    RELIEF = "relief"
    OTHER = "other"


class ClientAbsence(Base):
    """The client is away: nothing rings and nothing escalates, nothing counts as missed."""

    __tablename__ = "client_absence"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    kind: Mapped[AbsenceKind] = mapped_column(words(AbsenceKind))
    start: Mapped[datetime]
    #: None while nobody knows when the client comes home.
    end: Mapped[datetime | None]

    def covers(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


async def contact_persons(session: AsyncSession, client_id: UUID) -> list[ContactPerson]:
    """Whom to ring about a client, in the order they are to be rung."""
    return list(
        await session.scalars(
            select(ContactPerson).where(ContactPerson.client_id == client_id).order_by(ContactPerson.rank)
        )
    )
