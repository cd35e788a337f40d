"""Who may do what: one table of (action → role → relations). What is not in it is denied.

Relations (design 6): *own group*, *own client* (named or known), *assigned* (a row opens the client's
necessary facts from shift start to two hours after, so help across groups works), *night* (night staff at
night), *delegated* (a licensed professional has handed the task to that person until a day), *emergency*
(opened for an hour with a reason that the manager sees), *everywhere* (roles that serve the whole
municipality), *self* (no client is touched).

Of a client that a relation opens it shows what `PARTS` says and no more: who is sent there today needs the
door and the telephone, not who has been at hospital.

Lines under SoL and under HSL are read by different rights: a needs assessor sees what is done under SoL, a
licensed professional what is done under HSL.
"""

from __future__ import annotations

from enum import StrEnum

from care.accounts import Role


class Relation(StrEnum):
    SELF = "self"
    OWN_GROUP = "own_group"
    OWN_CLIENT = "own_client"
    ASSIGNED = "assigned"
    NIGHT = "night"
    DELEGATED = "delegated"
    EMERGENCY = "emergency"
    EVERYWHERE = "everywhere"
    OWN_TABLET = "own_tablet"
    OWN_INVITATION = "own_invitation"


class Part(StrEnum):
    """What a client's page and a contact's card are made of, beside the name."""

    #: Address, telephone, door, lock, who else lives there.
    HOME = "home"
    #: What may go wrong: language, hearing, choking, no mobile cover, whether the client is away right now.
    WARNINGS = "warnings"
    #: "Viktigt för mig", in the client's own words.
    OWN_WORDS = "own_words"
    #: The contacts of today and of the night that follows, with what they are for.
    TODAY = "today"
    #: Whether a video call may be made now, and what is missing for it.
    VIDEO = "video"
    #: Whom to ring when nobody answers: on the card of a contact, from its start until it has ended.
    NO_ANSWER = "no_answer"
    #: Relatives and others who are near to the client, at any time.
    CONTACT_PERSONS = "contact_persons"
    #: The contacts of the week to come.
    WEEK = "week"
    #: Consents with who said what and when; wish and decision ability.
    CONSENTS = "consents"
    #: Whether a tablet suits, with reasons, and the tablets.
    SUITABILITY = "suitability"
    #: Named care worker, known staff, and who has been there.
    KNOWN_STAFF = "known_staff"
    #: Hospital, travel and the like, past and to come.
    ABSENCES = "absences"
    #: What has happened to a contact, and what colleagues have written of it.
    HISTORY = "history"


class Action(StrEnum):
    OWN_DAY_READ = "own_day.read"
    OWN_PULSE_WRITE = "own_pulse.write"
    CLIENT_LIST = "client.list"
    CLIENT_READ = "client.read"
    CLIENT_CHANGE = "client.change"
    CLIENT_OPEN_EMERGENCY = "client.open_emergency"
    SOL_LINE_READ = "sol_line.read"
    HSL_LINE_READ = "hsl_line.read"
    DELEGATED_RECEIPT = "delegated.receipt"
    CONSENT_CHANGE = "consent.change"
    CONTACT_READ = "contact.read"
    CONTACT_PLAN = "contact.plan"
    CONTACT_MOVE = "contact.move"
    CONTACT_PERFORM = "contact.perform"
    CONTACT_RESOLVE = "contact.resolve"
    CALL_MAKE = "call.make"
    GUEST_INVITE = "guest.invite"
    GUEST_JOIN = "guest.join"
    CALL_QUALITY_READ = "call_quality.read"
    PLAN_READ = "plan.read"
    PLAN_CHANGE = "plan.change"
    DISRUPTION_REPORT = "disruption.report"
    PROPOSAL_READ = "proposal.read"
    PROPOSAL_APPROVE = "proposal.approve"
    TASK_READ = "task.read"
    TASK_CLOSE = "task.close"
    DEVICE_READ = "device.read"
    DEVICE_CHANGE = "device.change"
    MEASURES_READ = "measures.read"
    CHECKIN_READ = "checkin.read"
    CHECKIN_CHANGE = "checkin.change"
    IMPORT_RUN = "import.run"
    EXPORT_RUN = "export.run"
    PRINT_DAY = "print.day"
    ACCOUNT_MANAGE = "account.manage"
    GROUP_MANAGE = "group.manage"
    SERVICE_MANAGE = "service.manage"
    LOG_READ = "log.read"
    LOG_REVIEW = "log.review"
    RETENTION_MANAGE = "retention.manage"
    FAULT_REPORT_READ = "fault_report.read"
    TABLET_USE = "tablet.use"


_W, _C, _M = Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER
_N, _A, _X, _D = Role.NEEDS_ASSESSOR, Role.LICENSED_PROFESSIONAL, Role.ADMINISTRATOR, Role.DEVICE
_G = Role.GUEST
_GROUP = frozenset({Relation.OWN_GROUP})
_SELF = frozenset({Relation.SELF})
_ALL = frozenset({Relation.EVERYWHERE})
_NEAR = frozenset({Relation.OWN_GROUP, Relation.OWN_CLIENT, Relation.ASSIGNED, Relation.NIGHT})
#: Who plans reads the roster in: a night shift of one's own would open the whole municipality, unseen.
_PLANNER = _NEAR - {Relation.NIGHT}
_HELP = frozenset({Relation.EMERGENCY})
_DELEGATED = frozenset({Relation.DELEGATED})

_WHOLE = frozenset(Part)
#: For who is sent there today and knows the client no further.
_VISIT = frozenset(
    {Part.HOME, Part.WARNINGS, Part.OWN_WORDS, Part.TODAY, Part.VIDEO, Part.NO_ANSWER}
)  # fmt: skip
#: What each relation opens of a client: no more than the matter needs.
PARTS: dict[Relation, frozenset[Part]] = {
    Relation.SELF: frozenset(),
    Relation.OWN_GROUP: _WHOLE,
    Relation.OWN_CLIENT: _WHOLE,
    Relation.EVERYWHERE: _WHOLE,
    Relation.ASSIGNED: _VISIT,
    Relation.DELEGATED: _VISIT,
    # Alone at night, and the one who rings a daughter when somebody has fallen.
    Relation.NIGHT: _VISIT | {Part.CONTACT_PERSONS},
    Relation.EMERGENCY: frozenset(
        {Part.HOME, Part.WARNINGS, Part.TODAY, Part.NO_ANSWER, Part.CONTACT_PERSONS}
    ),
    Relation.OWN_TABLET: frozenset(),
    Relation.OWN_INVITATION: frozenset(),
}

RIGHTS: dict[Action, dict[Role, frozenset[Relation]]] = {
    Action.OWN_DAY_READ: {_W: _SELF, _C: _SELF, _M: _SELF},
    Action.OWN_PULSE_WRITE: {_W: _SELF},
    Action.CLIENT_LIST: {_W: _GROUP, _C: _GROUP, _M: _GROUP, _N: _ALL, _A: _ALL},
    Action.CLIENT_READ: {_W: _NEAR | _HELP, _C: _PLANNER | _HELP, _M: _GROUP | _HELP, _N: _ALL, _A: _ALL},
    Action.CLIENT_CHANGE: {_C: _GROUP, _M: _GROUP},
    Action.CLIENT_OPEN_EMERGENCY: {_W: _ALL, _C: _ALL, _M: _ALL},
    Action.SOL_LINE_READ: {_W: _NEAR | _HELP, _C: _PLANNER | _HELP, _M: _GROUP | _HELP, _N: _ALL},
    Action.HSL_LINE_READ: {_W: _NEAR | _HELP, _C: _PLANNER | _HELP, _M: _GROUP | _HELP, _A: _ALL},
    Action.DELEGATED_RECEIPT: {_W: _DELEGATED, _C: _DELEGATED, _M: _DELEGATED},
    Action.CONSENT_CHANGE: {_W: _GROUP, _C: _GROUP, _M: _GROUP},
    Action.CONTACT_READ: {_W: _NEAR | _HELP, _C: _PLANNER | _HELP, _M: _GROUP | _HELP, _N: _ALL, _A: _ALL},
    Action.CONTACT_PLAN: {_W: _GROUP, _C: _GROUP, _M: _GROUP},
    Action.CONTACT_MOVE: {_W: frozenset({Relation.ASSIGNED}), _C: _GROUP, _M: _GROUP},
    Action.CONTACT_PERFORM: {_W: _NEAR, _C: _GROUP, _M: _GROUP},
    Action.CONTACT_RESOLVE: {_W: _NEAR, _C: _GROUP, _M: _GROUP},
    Action.CALL_MAKE: {_W: _NEAR, _C: _GROUP, _M: _GROUP},
    Action.GUEST_INVITE: {_W: _NEAR, _C: _GROUP, _M: _GROUP},
    Action.GUEST_JOIN: {_G: frozenset({Relation.OWN_INVITATION})},
    Action.CALL_QUALITY_READ: {_C: _GROUP, _M: _GROUP, _X: _ALL},
    Action.PLAN_READ: {_W: _GROUP, _C: _GROUP, _M: _GROUP},
    Action.PLAN_CHANGE: {_C: _GROUP, _M: _GROUP},
    Action.DISRUPTION_REPORT: {_C: _GROUP, _M: _GROUP},
    Action.PROPOSAL_READ: {_C: _GROUP, _M: _GROUP},
    Action.PROPOSAL_APPROVE: {_C: _GROUP, _M: _GROUP},
    Action.TASK_READ: {_W: _GROUP, _C: _GROUP, _M: _GROUP},
    Action.TASK_CLOSE: {_W: frozenset({Relation.OWN_GROUP, Relation.NIGHT}), _C: _GROUP, _M: _GROUP},
    Action.DEVICE_READ: {_W: _GROUP, _C: _GROUP, _M: _GROUP, _X: _ALL},
    Action.DEVICE_CHANGE: {_W: _GROUP, _C: _GROUP, _M: _GROUP, _X: _ALL},
    Action.MEASURES_READ: {_C: _GROUP, _M: _ALL},
    Action.CHECKIN_READ: {_W: _GROUP, _C: _GROUP, _M: _GROUP},
    Action.CHECKIN_CHANGE: {_M: _GROUP},
    Action.IMPORT_RUN: {_C: _GROUP, _X: _ALL},
    Action.EXPORT_RUN: {_C: _GROUP, _M: _GROUP, _X: _ALL},
    Action.PRINT_DAY: {_C: _GROUP, _M: _GROUP},
    Action.ACCOUNT_MANAGE: {_X: _ALL},
    Action.GROUP_MANAGE: {_M: _GROUP, _X: _ALL},
    Action.SERVICE_MANAGE: {_X: _ALL},
    Action.LOG_READ: {_M: _GROUP},
    Action.LOG_REVIEW: {_M: _GROUP},
    Action.RETENTION_MANAGE: {_M: _ALL, _X: _ALL},
    Action.FAULT_REPORT_READ: {_X: _ALL},
    Action.TABLET_USE: {_D: frozenset({Relation.OWN_TABLET})},
}


#: What an hourly substitute among the care workers shares with the whole group; its clients are not.
_SUBSTITUTES_SHARE = frozenset({Action.CHECKIN_READ})


def relations(action: Action, role: Role, *, substitute: bool = False) -> frozenset[Relation]:
    """The relations through which `role` may do `action`; empty means never.

    A care worker who is a `substitute` has the clients of a row, of an acquaintance or of the night alone.
    """
    found = RIGHTS.get(action, {}).get(role, frozenset())
    if substitute and role is Role.CARE_WORKER and action not in _SUBSTITUTES_SHARE:
        return found - {Relation.OWN_GROUP}
    return found
