"""Where tasks are answered that are not answered in the list of *Behöver en människa*."""

from __future__ import annotations

from typing import NamedTuple

from care.tasks import TaskKind
from server.language import N_


class Lead(NamedTuple):
    """The page on which a task is answered."""

    route: str
    #: The part of that page.
    part: str
    words: str


LEADS: dict[TaskKind, Lead] = {
    TaskKind.SYSTEM_WAS_AWAY: Lead("outages", "", N_("Gå igenom kontakterna")),
    TaskKind.CONFIRM_CONSENT: Lead("client", "samtycken", N_("Till samtyckena")),
    TaskKind.REVIEW_CONSENT: Lead("client", "samtycken", N_("Till samtyckena")),
    TaskKind.REVIEW_TABLET: Lead("client", "surfplatta", N_("Till bedömningen")),
}
