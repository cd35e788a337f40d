"""Nobody answers: what a person says of a step, with one tap. The case moves on, or ends with its row."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.errors import Fault
from care.no_answer.case import NoAnswerCase, course_of
from care.no_answer.course import take
from care.no_answer.step import Outcome, Step
from care.words import N_
from scheduler import resolving
from scheduler.check_visit import CheckVisit
from scheduler.no_answer.cases import keep, note, open_case
from scheduler.no_answer.ending import end_case
from scheduler.no_answer.sending import send

#: How the row ends, and what stands in its history.
_ENDS: dict[Outcome, tuple[resolving.Outcome, str]] = {
    Outcome.ANSWERED: (resolving.Outcome.DONE_PHONE, N_("Svarade till slut.")),
    Outcome.SEEN_OK: (resolving.Outcome.MISSED, N_("Någon har sett eller talat med personen. Allt är bra.")),
    Outcome.DONE_THERE: (resolving.Outcome.DONE, N_("En kollega på plats gjorde det som skulle göras.")),
    Outcome.AWAY: (resolving.Outcome.CANCELLED_ABSENT, N_("Personen är borta, och det är känt var.")),
    Outcome.LEAVE: (resolving.Outcome.MISSED, N_("Bedömt: det kan vänta till nästa kontakt.")),
    Outcome.VISIT: (resolving.Outcome.REPLACED_BY_VISIT, N_("Blir ett besök i stället.")),
}
_INSIDE = {
    Outcome.INSIDE_OK: N_("Gick in med nyckel. Allt är bra."),
    Outcome.INSIDE_HELP: N_("Gick in med nyckel. Personen behövde hjälp."),
}


async def say(
    session: AsyncSession,
    contact: PlannedContact,
    outcome: Outcome,
    *,
    of: Step,
    clock: Clock,
    hand: Hand,
    staff_id: UUID | None = None,
    to: UUID | None = None,
    visit_at: datetime | None = None,
) -> NoAnswerCase | None:
    """`outcome` came of the step `of`, as the page showed it; the case after it.

    `contact` comes from `care.contacts.step.fetch`; `to` and `visit_at` are for a visit in place of a social
    call. None when the client turned out to be away. Raises `Fault` ``no_answer.moved_on``,
    ``no_answer.outcome`` or ``no_answer.ended`` (409).
    """
    now = clock.now()
    case = await open_case(session, contact, clock=clock, hand=hand, rang_at=now, acting=staff_id)
    if case is None:
        return None
    if case.step is not of:
        raise Fault(
            "no_answer.moved_on", "Någon har redan gått vidare. Läs om sidan.", status=409, place="step"
        )
    course = take(course_of(case), outcome, now)
    await note(session, case, outcome, at=now, staff_id=staff_id, account_id=hand.account_id)
    if course.is_over:
        await _end(session, contact, outcome, clock=clock, hand=hand, to=to, visit_at=visit_at)
        await end_case(session, case, outcome.value, clock=clock, hand=hand, by=staff_id)
        return case
    if course.wants_visit(now):
        course = await send(session, case, course, clock=clock, hand=hand)
    await keep(session, case, course, clock=clock, hand=hand, acting=staff_id)
    return case


async def send_somebody(
    session: AsyncSession,
    contact: PlannedContact,
    to: UUID,
    *,
    clock: Clock,
    hand: Hand,
    staff_id: UUID | None = None,
) -> NoAnswerCase | None:
    """A person sends `to`: at any step of the way, whatever the level; the visit is made if there is none."""
    case = await open_case(session, contact, clock=clock, hand=hand, rang_at=clock.now(), acting=staff_id)
    if case is None:
        return None
    if case.step is Step.ON_SITE:
        raise Fault(
            "no_answer.moved_on", "Någon har redan gått vidare. Läs om sidan.", status=409, place="step"
        )
    course = await send(session, case, course_of(case), clock=clock, hand=hand, to=to)
    await keep(session, case, course, clock=clock, hand=hand)
    return case


async def _end(
    session: AsyncSession,
    contact: PlannedContact,
    outcome: Outcome,
    *,
    clock: Clock,
    hand: Hand,
    to: UUID | None,
    visit_at: datetime | None,
) -> None:
    """End the row, or begin the visit that somebody has got into."""
    now = clock.now()
    if outcome in _INSIDE:
        await step(
            session, contact, Status.UNDERWAY, at=now, hand=hand, event="checked_in",
            reason=_INSIDE[outcome], actual_start=contact.actual_start or now, deadline=None, cause=None,
        )  # fmt: skip
        return
    end, words = _ENDS[outcome]
    if outcome is Outcome.ANSWERED and contact.channel is Channel.PHONE:
        end = resolving.Outcome.DONE
    visit = None
    if outcome is Outcome.VISIT:
        visit = CheckVisit(visit_at or now.replace(second=0, microsecond=0) + timedelta(minutes=15), to)
    not_reached = end in (resolving.Outcome.MISSED, resolving.Outcome.REPLACED_BY_VISIT)
    await resolving.resolve(
        session, contact, end, reason=words, clock=clock, hand=hand, visit=visit,
        cause=Cause.NO_ANSWER if not_reached else None,
        actual_start=now if end in (resolving.Outcome.DONE, resolving.Outcome.DONE_PHONE) else None,
    )  # fmt: skip
