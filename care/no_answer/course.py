"""The course of one case: the step now, until when, and what comes after. Pure: give it instants.

A step that nobody says anything about lapses: the next begins, so that it goes on when a telephone dies or
somebody forgets. The last ones never lapse into nothing: they go to the next person, again and again, until
somebody writes what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from care.errors import Fault
from care.localtime import SWEDEN, at, to_wall
from care.no_answer.step import ENDS, OUTCOMES, Outcome, Step
from care.no_answer.times import Times

#: A step has at least so long from when it began, however late the clock was (the system was away).
LEAST = timedelta(minutes=2)
#: Who is asked to send somebody has so long; who was sent has so long to come.
TO_SEND = timedelta(minutes=5)
TO_ARRIVE = timedelta(minutes=20)
#: Somebody stands at a door that nobody opens.
AT_THE_DOOR = timedelta(minutes=15)
#: A social call waits for a decision so long by day, and until the morning by night.
TO_DECIDE = timedelta(minutes=60)
DAY_FROM, DAY_TO, MORNING = time(7), time(20), time(9)
#: Steps that stay until a person ends them.
STAYS = frozenset({Step.CHECK_VISIT, Step.ON_SITE, Step.DECIDE})


@dataclass(frozen=True, slots=True)
class Course:
    """Where a case stands.

    `began` is the first ring that nobody answered; `since` is when `step` began.
    """

    times: Times
    began: datetime
    step: Step
    since: datetime
    #: Something worries: somebody goes there at once, whatever the hour and the level.
    is_wrong: bool = False
    #: A check visit is made and not called off.
    has_visit: bool = False
    #: Somebody has been asked to drive.
    is_sent: bool = False
    #: A person has called the visit off: only a person makes the next.
    called_off: bool = False
    is_over: bool = False

    def deadline(self, zone: ZoneInfo = SWEDEN) -> datetime:
        """Until when somebody has to say what came of the step."""
        if self.step is Step.DECIDE:
            return decide_by(self.since, zone)
        if self.step is Step.ON_SITE:
            return self.since + AT_THE_DOOR
        if self.step is Step.CHECK_VISIT:
            return self.since + (TO_ARRIVE if self.is_sent else TO_SEND)
        return max(self.began + timedelta(minutes=self.times.until(self.step)), self.since + LEAST)

    def begins(self, step: Step) -> datetime:
        """When `step` is planned to begin, for lists."""
        return self.began + timedelta(minutes=self.times.minutes.get(step, 0))

    def wants_visit(self, now: datetime) -> bool:
        """A check visit is to be made now, without anybody asking for it.

        Never for a social call; and not again when a person has called it off.
        """
        if self.is_over or self.has_visit or self.called_off or self.step is Step.ON_SITE:
            return False
        if self.is_wrong:
            return True
        visit = self.times.visit
        return visit is not None and (
            self.step is Step.CHECK_VISIT or now >= self.began + timedelta(minutes=visit)
        )

    def wants_driver(self, now: datetime) -> bool:
        """The visit was made while the others are rung, and nobody has chosen in time who drives.

        Once the visit is the step itself somebody is asked, by name.
        """
        at = self._driver_by()
        return at is not None and now >= at

    def _driver_by(self) -> datetime | None:
        visit = self.times.visit
        is_asked = self.step in STAYS
        if self.is_over or is_asked or visit is None or not self.has_visit or self.is_sent:
            return None
        return self.began + timedelta(minutes=visit) + TO_SEND

    def next_look(self, zone: ZoneInfo = SWEDEN) -> datetime:
        """The next instant at which something happens by the clock alone."""
        moments = [self.deadline(zone)]
        visit = self.times.visit
        if visit is not None and not (self.has_visit or self.called_off or self.step is Step.ON_SITE):
            moments.append(self.began + timedelta(minutes=visit))
        if (driver_by := self._driver_by()) is not None:
            moments.append(driver_by)
        return min(moments)


def decide_by(since: datetime, zone: ZoneInfo = SWEDEN) -> datetime:
    """By when a social call that nobody answered is decided about: soon by day, in the morning by night.

    Local wall time: also on the nights when the clock changes.
    """
    wall = to_wall(since, zone)
    if DAY_FROM <= wall.time() < DAY_TO:
        return since + TO_DECIDE
    day = wall.date() + timedelta(days=wall.time() >= DAY_TO)
    return at(day, MORNING, zone)


def begin(times: Times, now: datetime, *, rang_at: datetime | None = None) -> Course:
    """A case begins at its first step, with the first ring that nobody answered."""
    return Course(times, rang_at or now, times.ladder[0], now)


def course_of_door(times: Times, now: datetime) -> Course:
    """Somebody stands at a door that nobody opens: a visit as planned, or the one that was sent."""
    return Course(times, now, Step.ON_SITE, now)


def take(course: Course, outcome: Outcome, now: datetime) -> Course:
    """The course after somebody has said what came of its step.

    Raises `Fault` ``no_answer.over`` or ``no_answer.outcome`` (409) for what cannot come of it.
    """
    if course.is_over:
        raise Fault("no_answer.over", "Det är redan avslutat.", status=409, place="step")
    allowed = outcome in OUTCOMES[course.step] or outcome is Outcome.WRONG
    by_tablet = outcome is Outcome.OFFLINE and course.step in (Step.RING, Step.RING_AGAIN)
    if not (allowed or by_tablet):
        raise Fault("no_answer.outcome", "Det steget kan inte sluta så.", status=409, place="outcome")
    if outcome in ENDS:
        return replace(course, is_over=True, since=now)
    if outcome is Outcome.WRONG and course.step is not Step.ON_SITE:
        return replace(course, is_wrong=True, called_off=False, step=Step.CHECK_VISIT, since=now)
    if outcome is Outcome.NOT_NOW:
        # A sign of life: it begins anew, and rings again in five minutes.
        again = next(step for step in course.times.ladder if step is not Step.RING)
        return replace(course, began=now, step=again, since=now)
    if course.step is Step.ON_SITE:
        # Still nobody inside: whoever leads has another quarter of an hour.
        return replace(course, since=now)
    if outcome is Outcome.OFFLINE:
        following = course.times.after(Step.RING_AGAIN)
    else:
        following = course.times.after(course.step)
    return replace(course, step=following, since=now)


def rang(course: Course, outcome: Outcome, now: datetime) -> Course:
    """The course after a ring that came to nothing: ``no_answer``, ``offline`` or ``not_now``.

    Who rings once more later on changes nothing by that, but for a sign of life.
    """
    is_ring = course.step in (Step.RING, Step.RING_AGAIN)
    if course.is_over or course.step is Step.ON_SITE or not (is_ring or outcome is Outcome.NOT_NOW):
        return course
    if outcome is Outcome.NOT_NOW and not is_ring:
        return take(replace(course, step=Step.RING_AGAIN), outcome, now)
    return take(course, outcome, now)


def lapse(course: Course, now: datetime) -> Course:
    """Nobody has said what came of the step in time: the next begins, or the same for the next person."""
    if course.step in STAYS:
        # Whoever was sent has not come, or nobody was sent: somebody else is asked to send.
        return replace(course, since=now, is_sent=False)
    return replace(course, step=course.times.after(course.step), since=now)


def sent(course: Course, now: datetime, *, to_somebody: bool) -> Course:
    """A check visit is made, with somebody to drive or not yet. The others are still rung meanwhile."""
    since = now if course.step is Step.CHECK_VISIT else course.since
    return replace(course, has_visit=True, is_sent=to_somebody, called_off=False, since=since)


def called_off(course: Course, now: datetime) -> Course:
    """A person has called the visit off, though nobody has answered: who leads decides what now."""
    return replace(
        course,
        has_visit=False,
        is_sent=False,
        is_wrong=False,
        called_off=True,
        # A social call goes back to who decides about it: nobody is asked to send anybody in the night.
        step=Step.DECIDE if Step.DECIDE in course.times.ladder and not course.is_wrong else Step.CHECK_VISIT,
        since=now,
    )
