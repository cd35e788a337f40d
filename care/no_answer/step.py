"""The steps when nobody answers, whose each is, and what may come of it with one tap."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    #: Ring on the row's own channel.
    RING = "ring"
    RING_AGAIN = "ring_again"
    #: Ring the client's telephone.
    PHONE = "phone"
    #: Ask those who are near, or have just been there.
    NEIGHBOURS = "neighbours"
    #: Relatives and others, in the order of the plan.
    CONTACT_PERSON = "contact_person"
    #: Somebody goes there.
    CHECK_VISIT = "check_visit"
    #: Somebody stands at the door and nobody opens.
    ON_SITE = "on_site"
    #: A social call: who leads the group decides what is to become of it.
    DECIDE = "decide"


class Outcome(StrEnum):
    """What came of a step."""

    NO_ANSWER = "no_answer"
    #: The tablet cannot be reached: ringing it again is no use.
    OFFLINE = "offline"
    #: "Inte nu" on the screen, or "ring senare" in words: a sign of life.
    NOT_NOW = "not_now"
    ANSWERED = "answered"
    #: Seen, heard or told something that worries: somebody goes there at once.
    WRONG = "wrong"
    #: Somebody has seen the client, and all is well.
    SEEN_OK = "seen_ok"
    #: The same, and what the contact was for has been done there.
    DONE_THERE = "done_there"
    #: The client is away, and it is known where.
    AWAY = "away"
    #: Inside with key, and all is well; or the client needs help and gets it.
    INSIDE_OK = "inside_ok"
    INSIDE_HELP = "inside_help"
    #: Not found: who leads has told the police.
    POLICE = "police"
    #: Who leads a group decides about a social call.
    VISIT = "visit"
    LEAVE = "leave"
    #: By the clock: nobody said what came of it in time.
    LAPSED = "lapsed"


class Owner(StrEnum):
    """Whose a step is. Somebody else at work has it where there is none."""

    WORKER = "worker"
    COORDINATOR = "coordinator"
    MANAGER = "manager"


OWNERS: dict[Step, Owner] = {
    Step.RING: Owner.WORKER,
    Step.RING_AGAIN: Owner.WORKER,
    Step.PHONE: Owner.WORKER,
    Step.NEIGHBOURS: Owner.WORKER,
    Step.CONTACT_PERSON: Owner.WORKER,
    Step.CHECK_VISIT: Owner.COORDINATOR,
    Step.ON_SITE: Owner.MANAGER,
    Step.DECIDE: Owner.COORDINATOR,
}

#: What may be said of each step, the usual first.
OUTCOMES: dict[Step, tuple[Outcome, ...]] = {
    Step.RING: (Outcome.NO_ANSWER, Outcome.NOT_NOW, Outcome.ANSWERED, Outcome.WRONG),
    Step.RING_AGAIN: (Outcome.NO_ANSWER, Outcome.NOT_NOW, Outcome.ANSWERED, Outcome.WRONG),
    Step.PHONE: (Outcome.NO_ANSWER, Outcome.ANSWERED, Outcome.NOT_NOW, Outcome.WRONG),
    # Who has been rung may ring back while others are asked.
    Step.NEIGHBOURS: (
        Outcome.NO_ANSWER, Outcome.SEEN_OK, Outcome.DONE_THERE, Outcome.ANSWERED, Outcome.AWAY, Outcome.WRONG,
    ),
    Step.CONTACT_PERSON: (
        Outcome.NO_ANSWER, Outcome.SEEN_OK, Outcome.ANSWERED, Outcome.AWAY, Outcome.WRONG,
    ),
    Step.CHECK_VISIT: (Outcome.ANSWERED, Outcome.SEEN_OK, Outcome.AWAY),
    Step.ON_SITE: (Outcome.NO_ANSWER, Outcome.INSIDE_OK, Outcome.INSIDE_HELP, Outcome.AWAY, Outcome.POLICE),
    Step.DECIDE: (Outcome.VISIT, Outcome.ANSWERED, Outcome.LEAVE, Outcome.WRONG),
}  # fmt: skip

#: With these the case has come to its end; the row ends with it, or goes on as a visit.
ENDS = frozenset(
    {
        Outcome.ANSWERED, Outcome.SEEN_OK, Outcome.DONE_THERE, Outcome.AWAY, Outcome.INSIDE_OK,
        Outcome.INSIDE_HELP, Outcome.VISIT, Outcome.LEAVE,
    }
)  # fmt: skip


class WhyNoAnswer(StrEnum):
    """Why nobody answered: one tap afterwards, kept with the case (domain 3.2, step 8)."""

    DID_NOT_HEAR = "did_not_hear"
    ASLEEP = "asleep"
    OUT = "out"
    OTHER_VISIT = "other_visit"
    DID_NOT_WANT = "did_not_want"
    TABLET = "tablet"
    OUR_MISTAKE = "our_mistake"
    ILL = "ill"
    FALL = "fall"
    HOSPITAL = "hospital"
    UNKNOWN = "unknown"
