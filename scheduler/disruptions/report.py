"""What may be reported, and how it is read.

A report is JSON, on the page and on the command line alike (``docs/disruptions.md``)::

    {"kind": "snow", "scope": {"groups": ["Kälarne"]}, "from": "2026-12-01T05:30",
     "to": "2026-12-01T18:00", "speed_factor": 0.6}

Times without an offset are wall time in the municipality. Groups are named by name or id; staff and clients
by id, or by the id that they have in the system they were imported from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import AbsenceKind, Client, ClientAbsence
from care.clock import Clock
from care.contacts.step import Hand
from care.disruptions import Disruption, DisruptionKind
from care.errors import Fault
from care.ids import new_id, read_id
from care.localtime import to_instant
from care.municipality import Group
from care.staff import Shift, ShiftKind, Staff

LONGEST = timedelta(days=14)
LONGEST_SHIFT = timedelta(hours=16)
"""Somebody who comes in works for a shift; a longer time is a slip of the pen."""


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom it is about."""

    groups: list[str] = msgspec.field(default_factory=list)
    staff: list[str] = msgspec.field(default_factory=list)
    clients: list[str] = msgspec.field(default_factory=list)
    building: str | None = None


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A reported disruption, as it comes in."""

    kind: DisruptionKind
    scope: Scope
    from_: str = msgspec.field(name="from")
    to: str
    #: snow: driving speed against an ordinary day, 0.1–1.
    speed_factor: float | None = None
    #: staff_added: only calls (a manager who takes calls, somebody at home).
    digital_only: bool = False
    #: car_broken: minutes until the worker is on the road again.
    delay_minutes: int | None = None
    #: building_unreachable: the stairs can be used; each visit takes this much longer.
    stairs_minutes: int | None = None
    note: str | None = None


#: What each kind must name in its scope, one of them.
NEEDS: dict[DisruptionKind, tuple[str, ...]] = {
    DisruptionKind.SNOW: ("groups",),
    DisruptionKind.STAFF_ABSENT: ("staff",),
    DisruptionKind.STAFF_ADDED: ("staff",),
    DisruptionKind.BUILDING_UNREACHABLE: ("clients", "building"),
    DisruptionKind.CAR_BROKEN: ("staff",),
    DisruptionKind.CLIENT_AWAY: ("clients",),
    DisruptionKind.TABLET_OFFLINE: ("clients",),
    DisruptionKind.AREA_OFFLINE: ("groups",),
    DisruptionKind.INFECTION: ("clients",),
    DisruptionKind.OTHER: ("groups", "staff", "clients"),
}

#: Fields that belong to one kind alone, and the limits of those that are minutes.
OWN_FIELDS: dict[str, DisruptionKind] = {
    "speed_factor": DisruptionKind.SNOW,
    "digital_only": DisruptionKind.STAFF_ADDED,
    "delay_minutes": DisruptionKind.CAR_BROKEN,
    "stairs_minutes": DisruptionKind.BUILDING_UNREACHABLE,
}
MINUTES = {"delay_minutes": (5, 480), "stairs_minutes": (1, 30)}

SCOPE_WORDS = {"groups": "grupper", "staff": "personal", "clients": "brukare", "building": "hus"}


def read_report(raw: bytes | str | dict[str, Any]) -> Report:
    """A `Report` from JSON text or already decoded data.

    Raises `Fault` ``disruption.bad`` with the place in the data.
    """
    try:
        if isinstance(raw, dict):
            report = msgspec.convert(raw, Report)
        else:
            report = msgspec.json.decode(raw, type=Report)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Fault(
            "disruption.bad", "Rapporten går inte att läsa: %(error)s", place=_place(str(error)),
            values={"error": str(error)},
        ) from None  # fmt: skip
    needs = NEEDS[report.kind]
    if not any(getattr(report.scope, name) for name in needs):
        raise Fault(
            "disruption.scope", "Säg vilka det gäller: %(needs)s.", place=f"scope.{needs[0]}",
            values={"needs": " / ".join(SCOPE_WORDS[name] for name in needs)},
        )  # fmt: skip
    if report.kind is DisruptionKind.SNOW and not 0.1 <= (report.speed_factor or 0) <= 1:
        raise Fault(
            "disruption.speed", "Farten ska vara mellan 0,1 och 1 av den vanliga.", place="speed_factor"
        )
    for name, kind in OWN_FIELDS.items():
        if report.kind is not kind and getattr(report, name):
            raise Fault(
                "disruption.field", "%(field)s hör inte till %(kind)s.", place=name,
                values={"field": name, "kind": report.kind.value},
            )  # fmt: skip
    for name, (least, most) in MINUTES.items():
        minutes = getattr(report, name)
        if minutes is not None and not least <= minutes <= most:
            raise Fault(
                "disruption.minutes", "Skriv mellan %(least)s och %(most)s minuter.", place=name,
                values={"least": least, "most": most},
            )  # fmt: skip
    return report


def _place(error: str) -> str:
    """msgspec says where as `$.scope.groups[0]` at the end of its sentence."""
    return error.rpartition("`$")[2].rstrip("`").lstrip(".") if "`$" in error else "$"


async def record(session: AsyncSession, report: Report, clock: Clock, hand: Hand) -> Disruption:
    """Write the disruption, and what it means as facts: absences of staff and clients, added shifts.

    No planned contact is touched. Raises `Fault` naming an unknown group, person or impossible time.
    """
    start, end = _span(report, clock)
    scope = await _resolve(session, report.scope)
    severity = {
        key: value
        for key, value in (
            ("speed_factor", report.speed_factor),
            ("digital_only", report.digital_only or None),
            ("delay_minutes", report.delay_minutes),
            ("stairs_minutes", report.stairs_minutes),
        )
        if value is not None
    }
    disruption = Disruption(
        id=new_id(),
        kind=report.kind,
        scope=scope,
        start=start,
        end=end,
        severity=severity,
        note=(report.note or "").strip()[:500] or None,
        reported_by_id=hand.account_id,
        reported_at=clock.now(),
    )
    session.add(disruption)
    await session.flush()
    match report.kind:
        case DisruptionKind.STAFF_ABSENT:
            await _mark_absent(session, scope["staff"], start, end)
        case DisruptionKind.STAFF_ADDED:
            await _add_shifts(session, disruption, clock)
        case DisruptionKind.CLIENT_AWAY:
            for client_id in scope["clients"]:
                session.add(
                    ClientAbsence(
                        id=new_id(), client_id=UUID(client_id), kind=AbsenceKind.OTHER, start=start, end=end
                    )
                )
    await session.flush()
    return disruption


def _span(report: Report, clock: Clock) -> tuple[datetime, datetime]:
    start, end = _instant(report.from_, "from", clock), _instant(report.to, "to", clock)
    if end <= start:
        raise Fault("disruption.span", "Sluttiden ska vara efter starttiden.", place="to")
    if end - start > LONGEST:
        raise Fault("disruption.long", "En händelse kan vara högst 14 dagar.", place="to")
    if end <= clock.now():
        raise Fault(
            "disruption.past", "Händelsen är redan över. Välj en sluttid som inte har passerat.", place="to"
        )
    if report.kind is DisruptionKind.STAFF_ADDED and end - start > LONGEST_SHIFT:
        raise Fault(
            "disruption.shift", "Ett extra pass kan vara högst 16 timmar. Lägg in en dag i taget.", place="to"
        )
    return start, end


def _instant(text: str, place: str, clock: Clock) -> datetime:
    try:
        return to_instant(datetime.fromisoformat(text), clock.zone, place=place)
    except (ValueError, OverflowError):
        raise Fault(
            "time.bad", "Tiden ska se ut som 2026-12-01T05:30, men är ”%(text)s”.", place=place,
            values={"text": text[:40]},
        ) from None  # fmt: skip


async def _resolve(session: AsyncSession, scope: Scope) -> dict[str, Any]:
    groups = {str(group.id): group for group in await session.scalars(select(Group))}
    by_name = {group.name.casefold(): key for key, group in groups.items()}
    found: dict[str, Any] = {"groups": [], "staff": [], "clients": []}
    for index, word in enumerate(scope.groups):
        key = word if word in groups else by_name.get(word.strip().casefold())
        if key is None:
            raise Fault("disruption.unknown", "Det finns ingen sådan grupp.", place=f"scope.groups[{index}]")
        if key not in found["groups"]:
            found["groups"].append(key)
    found["staff"] = await _people(session, Staff, scope.staff, "staff")
    found["clients"] = await _people(session, Client, scope.clients, "clients")
    if scope.building:
        ids = await session.scalars(select(Client.id).where(Client.building == scope.building))
        living = [str(one) for one in ids]
        if not living:
            raise Fault("disruption.unknown", "Det finns inget sådant hus.", place="scope.building")
        found["building"] = scope.building
        found["clients"] = sorted({*found["clients"], *living})
    return found


async def _people(
    session: AsyncSession, table: type[Staff | Client], words: Sequence[str], name: str
) -> list[str]:
    found: list[str] = []
    for index, word in enumerate(words):
        key = read_id(word)
        where = table.id == key if key is not None else table.extern_id == word
        matches = list(await session.scalars(select(table.id).where(where).limit(2)))
        if len(matches) != 1:
            raise Fault("disruption.unknown", "Det finns ingen sådan person.", place=f"scope.{name}[{index}]")
        found.append(str(matches[0]))
    return list(dict.fromkeys(found))


async def _mark_absent(session: AsyncSession, staff: Sequence[str], start: datetime, end: datetime) -> None:
    """The shift says that the person is away, and from when to when; why is never kept."""
    shifts = await session.scalars(
        select(Shift).where(
            Shift.staff_id.in_([UUID(one) for one in staff]), Shift.start < end, Shift.end > start
        )
    )
    for shift in shifts:
        begins, ends = max(start, shift.start), min(end, shift.end)
        shift.absent_from = min(begins, shift.absent_from) if shift.absent_from else begins
        shift.absent_to = max(ends, shift.absent_to) if shift.absent_to else ends


async def _add_shifts(session: AsyncSession, disruption: Disruption, clock: Clock) -> None:
    """Somebody more comes in: a shift in the group that gets the help (their own when none is named)."""
    groups = disruption.scope["groups"]
    digital = bool(disruption.severity.get("digital_only"))
    for staff_id in disruption.scope["staff"]:
        staff = await session.get_one(Staff, UUID(staff_id))
        session.add(
            Shift(
                id=new_id(),
                source="disruption",
                extern_id=f"{disruption.id}:{staff_id}",
                staff_id=staff.id,
                group_id=UUID(groups[0]) if groups else staff.group_id,
                date=disruption.start.astimezone(clock.zone).date(),
                start=disruption.start,
                end=disruption.end,
                kind=ShiftKind.DIGITAL if digital else ShiftKind.DAY,
            )
        )


async def end(session: AsyncSession, disruption: Disruption, clock: Clock) -> None:
    """The lift works again, somebody is back: from now on the disruption has no effect.

    Absent staff are at work again from now, unless another report says that they are away; an added shift
    ends now. Approved changes stay: they are undone one by one, as long as the rows have not started.
    """
    now = clock.now()
    disruption.ended_at = now
    await session.flush()
    match disruption.kind:
        case DisruptionKind.STAFF_ABSENT:
            await _mark_present(session, disruption, now)
        case DisruptionKind.STAFF_ADDED:
            await _end_shifts(session, disruption, now)
        case DisruptionKind.CLIENT_AWAY:
            # Its own absences only: a stay at the hospital that somebody wrote on the card goes on.
            for absence in await session.scalars(
                select(ClientAbsence).where(
                    ClientAbsence.client_id.in_([UUID(one) for one in disruption.scope["clients"]]),
                    ClientAbsence.kind == AbsenceKind.OTHER,
                    ClientAbsence.start == disruption.start,
                    ClientAbsence.end == disruption.end,
                )
            ):
                absence.end = max(absence.start, min(disruption.end, now))
    await session.flush()


async def _mark_present(session: AsyncSession, disruption: Disruption, now: datetime) -> None:
    staff = [UUID(one) for one in disruption.scope["staff"]]
    for shift in await session.scalars(select(Shift).where(Shift.staff_id.in_(staff), Shift.absent_to > now)):
        if shift.absent_from is not None and shift.absent_from >= now:
            shift.absent_from = shift.absent_to = None
        else:
            shift.absent_to = now
    await session.flush()
    others = await session.scalars(
        select(Disruption).where(
            Disruption.kind == DisruptionKind.STAFF_ABSENT,
            Disruption.id != disruption.id,
            Disruption.ended_at.is_(None),
            Disruption.end > now,
        )
    )
    for other in others:
        both = sorted(set(other.scope["staff"]) & set(disruption.scope["staff"]))
        await _mark_absent(session, both, other.start, other.end)


async def _end_shifts(session: AsyncSession, disruption: Disruption, now: datetime) -> None:
    for shift in await session.scalars(
        select(Shift).where(Shift.source == "disruption", Shift.extern_id.startswith(str(disruption.id)))
    ):
        if shift.start >= now:
            await session.delete(shift)
        else:
            shift.end = min(shift.end, now)
