"""Where tasks are answered that are not answered in the list of *Behöver en människa*."""

from __future__ import annotations

from typing import NamedTuple

from care.access.rights import Action
from care.tasks import Task, TaskKind
from server.language import N_


class Lead(NamedTuple):
    """The page on which a task is answered."""

    route: str
    #: The part of that page.
    part: str
    words: str
    #: The fact of the task whose id stands in the address of the page.
    fact: str = ""
    #: Who answers it, when that is fewer than see it.
    action: Action | None = None


LEADS: dict[TaskKind, Lead] = {
    TaskKind.TABLET_SILENT: Lead(
        "disruption", "", N_("Föreslå telefon så länge"), action=Action.DISRUPTION_REPORT
    ),
    TaskKind.AREA_SILENT: Lead("disruption", "", N_("Planera om området"), action=Action.DISRUPTION_REPORT),
    TaskKind.SYSTEM_WAS_AWAY: Lead("outages", "", N_("Gå igenom kontakterna")),
    TaskKind.CONFIRM_CONSENT: Lead("client", "samtycken", N_("Till samtyckena")),
    TaskKind.REVIEW_CONSENT: Lead("client", "samtycken", N_("Till samtyckena")),
    TaskKind.REVIEW_TABLET: Lead("client", "surfplatta", N_("Till bedömningen")),
    TaskKind.EMERGENCY_OPENED: Lead(
        "log_emergency", "bedomning", N_("Läs skälet och bedöm"), "opening", Action.LOG_REVIEW
    ),
    TaskKind.NO_ANSWER_WHY: Lead("no_answer", "", N_("Säg varför"), "contact"),
    TaskKind.PLAN_REVIEW: Lead("no_answer_plan", "", N_("Till planen")),
    TaskKind.LOG_SAMPLE: Lead("log_sample", "", N_("Granska raderna"), action=Action.LOG_REVIEW),
}


#: Pages of the client that the task is about.
_CLIENTS = ("client", "no_answer_plan")


def lead_of(task: Task) -> tuple[Lead | None, dict[str, str], str]:
    """Where the task is answered, with the parts of its address and what stands after the question mark.

    None when it is answered where it stands.
    """
    lead = LEADS.get(task.kind)
    if lead is None:
        return None, {}, ""
    if task.kind is TaskKind.TABLET_SILENT:
        return lead, {}, f"?slag=tablet_offline&brukare={task.client_id}"
    if task.kind is TaskKind.AREA_SILENT:
        return lead, {}, f"?slag=area_offline&grupp={task.group_id}"
    if task.kind is TaskKind.LOG_SAMPLE:
        return lead, {}, f"?grupp={task.group_id}&manad={task.facts.get('month', '')}"
    key = task.facts.get(lead.fact) if lead.fact else task.client_id if lead.route in _CLIENTS else ""
    if key is None:
        return None, {}, ""
    return lead, {"id": str(key)} if key else {}, ""
