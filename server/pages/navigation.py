"""The menu: which page has which word, and where each role begins. One table for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from care.access.rights import Action
from care.accounts import Role
from server.language import N_
from server.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu: its word, the name of its route, the action it is for, and its icon."""

    label: str
    route: str
    action: Action
    icon: str
    #: Only for those who are staff themselves.
    for_staff: bool = False


MENU = (
    Entry(N_("Min dag"), "my_day", Action.OWN_DAY_READ, "sun", for_staff=True),
    Entry(N_("Planen"), "plan", Action.PROPOSAL_READ, "calendar-days"),
    Entry(N_("Behöver en människa"), "needs", Action.TASK_READ, "hand-heart"),
    Entry(N_("Något har hänt"), "disruption", Action.DISRUPTION_REPORT, "snowflake"),
    Entry(N_("Planera samtal"), "plan_call", Action.CONTACT_PLAN, "calendar-plus"),
    Entry(N_("Brukare"), "clients", Action.CLIENT_LIST, "users"),
    Entry(N_("Surfplattor"), "tablets", Action.DEVICE_READ, "tablet"),
    Entry(N_("Uppföljning"), "follow_up", Action.MEASURES_READ, "chart-line"),
    Entry(N_("Avstämning"), "checkins", Action.CHECKIN_READ, "message-circle"),
    Entry(N_("Import"), "imports", Action.IMPORT_RUN, "upload"),
    Entry(N_("Export"), "exports", Action.EXPORT_RUN, "download"),
    Entry(N_("Nödöppning"), "emergency", Action.CLIENT_OPEN_EMERGENCY, "shield-alert"),
    Entry(N_("Grupper"), "groups", Action.GROUP_MANAGE, "building-2"),
    Entry(N_("Loggen"), "log_review", Action.LOG_READ, "eye"),
    Entry(N_("Konton"), "accounts", Action.ACCOUNT_MANAGE, "key-round"),
    Entry(N_("Samtalens kvalitet"), "call_quality", Action.CALL_QUALITY_READ, "activity"),
    Entry(N_("Felrapporter"), "fault_reports", Action.FAULT_REPORT_READ, "triangle-alert"),
    Entry(N_("Gallring"), "retention", Action.RETENTION_MANAGE, "trash-2"),
)

#: What each role works with most, the most particular role first: the first of them is where somebody begins.
#: A phone shows the first four.
LEADING = (
    (Role.COORDINATOR, ("plan", "needs", "disruption", "plan_call")),
    (Role.UNIT_MANAGER, ("follow_up", "checkins", "needs", "plan")),
    (Role.CARE_WORKER, ("my_day",)),
    (Role.ADMINISTRATOR, ("accounts",)),
    (Role.NEEDS_ASSESSOR, ("clients",)),
    (Role.LICENSED_PROFESSIONAL, ("clients",)),
)

ROLE_WORDS = {
    Role.CARE_WORKER: N_("Omsorgspersonal"),
    Role.COORDINATOR: N_("Samordnare"),
    Role.UNIT_MANAGER: N_("Enhetschef"),
    Role.NEEDS_ASSESSOR: N_("Biståndshandläggare"),
    Role.LICENSED_PROFESSIONAL: N_("Legitimerad personal"),
    Role.ADMINISTRATOR: N_("Administratör"),
    Role.DEVICE: N_("Surfplatta"),
    Role.GUEST: N_("Gäst"),
}


def address(app: web.Application, route: str) -> str | None:
    """The address of a page without parts, or None when there is no such page."""
    resource = app.router.named_resources().get(route)
    if resource is None:
        return None
    try:
        return str(resource.url_for())
    except (KeyError, NotImplementedError):
        return None


def _entries(who: Actor) -> list[Entry]:
    """What `who` may open, that which their role works with most first."""
    leading = next((routes for role, routes in LEADING if who.has(role)), ())
    mine = [
        entry for entry in MENU if who.may(entry.action) and (not entry.for_staff or who.staff_id is not None)
    ]
    return sorted(
        mine, key=lambda entry: leading.index(entry.route) if entry.route in leading else len(leading)
    )


def menu(request: web.Request, who: Actor, translate: Any) -> list[dict[str, Any]]:
    """The pages that `who` may open, in order: label, href, icon, current."""
    shown = []
    for entry in _entries(who):
        href = address(request.app, entry.route)
        if href is None:
            continue
        is_here = request.path == href or request.path.startswith(f"{href}/")
        shown.append(
            {
                "label": translate(entry.label),
                "href": href,
                "icon": entry.icon,
                "current": is_here,
                "count": None,
            }
        )
    return shown


def first_page(request: web.Request, who: Actor) -> str | None:
    """Where somebody begins, or None when there is nothing for them here."""
    found = menu(request, who, lambda word: word)
    return str(found[0]["href"]) if found else None
