"""One request for every route that says whom or what it is about, made from a `Side`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from server.pages.client.no_answer_plan import seen
from tests.server.conftest import Browser, Site
from tests.server.security.side import Side

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Try:
    """One request: the parts of its address and its form, made from a side."""

    parts: Callable[[Side], Mapping[str, object]] = lambda _: {}
    form: Callable[[Side], Form] = lambda _: {}
    query: Callable[[Side], Form] = lambda _: {}
    #: A body in JSON in place of the form.
    sent: Callable[[Side], Form] | None = None


def client(form: Callable[[Side], Form] = lambda _: {}) -> Try:
    return Try(lambda side: {"id": side.client.id}, form)


def row(which: str, **fields: str) -> Try:
    """A planned row by its name in `Side`, with its version."""
    return Try(
        lambda side: {"id": getattr(side, which).id},
        lambda side: {"version": str(getattr(side, which).version), **fields},
    )


def plan(side: Side) -> Form:
    """Everything that "Planera samtal" asks for."""
    return {
        "client": str(side.client.id),
        "channel": "video",
        "service": str(side.service.id),
        "at": "14:30",
        "window": "15",
        "minutes": "15",
        "pattern": "weekly",
        "first_day": "2026-12-03",
        "anyway": "1",
        "staff": str(side.staff.id),
        "version": "1",
    }


def answered(side: Side, answer: str) -> Form:
    """What became of the row of an outage."""
    row = side.red.id
    return {
        "row": str(row),
        "to": str(side.staff.id),
        f"do-{row}": answer,
        f"version-{row}": str(side.red.version),
        f"start-{row}": "06:00",
        f"end-{row}": "06:15",
    }


def weather(side: Side, **fields: str) -> Form:
    return {
        "from_date": "2026-12-01",
        "from_time": "06:40",
        "to_date": "2026-12-01",
        "to_time": "16:00",
        **fields,
    }


WEDNESDAY = "2026-12-02T10:00"
#: Every route that says whom or what it is about, by what it is given. A name may be tried in several ways.
TRIES: dict[str, list[Try]] = {
    "api_clients": [Try(query=lambda side: {"group": side.group.id})],
    "api_contacts": [Try(query=lambda side: {"group": side.group.id})],
    "api_contact": [row("visit")],
    "api_contact_step": [
        Try(
            lambda side: {"id": side.visit.id},
            sent=lambda side: {"step": "decline", "cause": "not_today", "version": side.visit.version},
        )
    ],
    "api_contact_move": [
        Try(
            lambda side: {"id": side.visit.id},
            sent=lambda side: {"channel": "phone", "version": side.visit.version},
        )
    ],
    "api_disruption_report": [
        Try(
            sent=lambda side: {
                "kind": "other",
                "scope": {"groups": [str(side.group.id)]},
                "from": "2026-12-01T06:40",
                "to": "2026-12-01T16:00",
            }
        )
    ],
    "api_measures": [Try(query=lambda side: {"group": side.group.id})],
    "api_proposal": [Try(lambda side: {"id": side.proposal.id})],
    "api_proposal_approve": [Try(lambda side: {"id": side.proposal.id}, sent=lambda _: {"changes": None})],
    "client": [client()],
    "client_change": [
        client(lambda side: {"seen": side.seen, "video_wish": "no", "decision_ability": "own"})
    ],
    "no_video_today": [client()],
    "absence_add": [client(lambda _: {"kind": "hospital", "start": WEDNESDAY})],
    "absence_end": [Try(lambda side: {"id": side.client.id, "absence": side.absence.id})],
    "known_staff": [client(lambda side: {"deed": "add", "staff": str(side.staff.id)})],
    "named_worker": [client(lambda _: {"before": "", "named": "declined"})],
    "approved_add": [client(lambda _: {"name": "Per", "relation": "son"})],
    "approved_remove": [Try(lambda side: {"id": side.client.id, "person": side.friend.id})],
    "guest_invite": [
        Try(lambda side: {"id": side.video.id}, lambda side: {"whom": str(side.friend.id)}),
        Try(lambda side: {"id": side.video.id}, lambda _: {"whom": "interpreter", "name": "Amal"}),
    ],
    "no_answer_plan": [client()],
    "no_answer_plan_save": [client(lambda side: {"seen": seen(side.client, None), "risk": "high"})],
    "contact_person_first": [client(lambda side: {"person": str(side.relative.id)})],
    "consent_record": [client(lambda _: {"kind": "photo", "how": "oral", "answer": "yes"})],
    "consent_confirm": [Try(lambda side: {"id": side.client.id, "consent": side.consent.id})],
    "consent_withdraw": [Try(lambda side: {"id": side.client.id, "consent": side.consent.id})],
    "consent_renew": [Try(lambda side: {"id": side.client.id, "consent": side.consent.id})],
    "suitability": [client(lambda _: {"suits": "yes", "reason": "sight"})],
    "contact": [row("visit")],
    "call": [row("video")],
    "check_in": [row("visit")],
    "check_out": [row("underway")],
    "decline": [row("visit", cause="not_today")],
    "enter_late": [row("underway", start="06:20", end="06:35")],
    "move_contact": [row("visit", channel="phone")],
    "receipt": [row("underway")],
    "receipt_save": [
        Try(lambda side: {"id": side.underway.id}, lambda side: {f"result-{side.line}": "reached"})
    ],
    "carried_decide": [
        Try(lambda side: {"id": side.underway.id, "deed": side.deed.id}, lambda _: {"choice": "theirs"})
    ],
    "no_answer": [row("red")],
    "no_answer_say": [row("red", do="say", step="ring", outcome="no_answer")],
    "needs_resolve": [row("red", do="close", outcome="missed", reason="Hon sov.")],
    "needs_task": [Try(lambda side: {"id": side.task.id}, lambda _: {"outcome": "called"})],
    "outage_save": [
        Try(lambda side: {"id": side.outage.id}, lambda side: answered(side, "done")),
        Try(lambda side: {"id": side.outage.id}, lambda side: answered(side, "follow")),
    ],
    "own_wish": [Try(lambda side: {"id": side.task.id}, lambda _: {"do": "called"})],
    "plan": [Try(query=lambda side: {"grupp": side.group.id})],
    "plan_news": [Try(query=lambda side: {"grupp": side.group.id})],
    "plan_row": [row("visit")],
    "plan_row_change": [row("visit", do="pin"), row("visit", do="away_today")],
    "plan_call": [Try(query=lambda side: {"brukare": side.client.id})],
    "plan_call_rule": [Try(lambda side: {"id": side.rule.id})],
    "plan_call_make": [Try(form=plan)],
    "plan_call_change": [
        Try(lambda side: {"id": side.rule.id}, plan),
        Try(lambda side: {"id": side.rule.id}, lambda _: {"do": "end", "version": "1"}),
    ],
    "disruption_report": [
        Try(form=lambda side: weather(side, kind="other", groups=str(side.group.id))),
        Try(form=lambda side: weather(side, kind="other", staff=str(side.staff.id))),
        Try(form=lambda side: weather(side, kind="other", clients=str(side.client.id))),
    ],
    "disruption_plan": [Try(lambda side: {"id": side.disruption.id})],
    "disruption_end": [Try(lambda side: {"id": side.disruption.id})],
    "proposal": [Try(lambda side: {"id": side.proposal.id})],
    "proposal_list": [Try(lambda side: {"id": side.proposal.id})],
    "proposal_csv": [Try(lambda side: {"id": side.proposal.id})],
    "proposal_settle": [
        Try(lambda side: {"id": side.proposal.id}, lambda _: {"do": "all"}),
        Try(
            lambda side: {"id": side.proposal.id},
            lambda side: {"do": "chosen", "change": str(side.change.id)},
        ),
    ],
    "tablet": [Try(lambda side: {"id": side.device.id})],
    "tablet_settings": [Try(lambda side: {"id": side.device.id})],
    "tablet_settings_save": [
        Try(
            lambda side: {"id": side.device.id},
            lambda _: {
                "reach": "left",
                "text_size": "150",
                "switch": "two",
                "language": "sv",
                "loudest": "150",
            },
        )
    ],
    "tablet_invite": [Try(form=lambda side: {"client": str(side.client.id)})],
    "tablet_pairing": [Try(lambda side: {"id": side.pairing.id})],
    "tablet_confirm": [Try(lambda side: {"id": side.pairing.id}, lambda side: {"number": side.number})],
    "tablet_refuse": [Try(lambda side: {"id": side.pairing.id})],
    "tablet_test": [Try(lambda side: {"id": side.device.id})],
    "tablet_path": [Try(lambda side: {"id": side.device.id})],
    "tablet_path_test": [Try(lambda side: {"id": side.device.id})],
    "tablet_move_in": [Try(lambda side: {"id": side.device.id}, lambda side: {"client": str(side.mate.id)})],
    "tablet_move_out": [Try(lambda side: {"id": side.shared.id, "client": side.mate.id})],
    "tablet_install": [Try(lambda side: {"id": side.device.id}, lambda _: {"step": "volume"})],
    "tablet_revoke": [Try(lambda side: {"id": side.device.id})],
    "checkin": [Try(lambda side: {"id": side.gathering.id})],
    "checkin_minutes": [Try(lambda side: {"id": side.gathering.id})],
    "checkin_open": [Try(form=lambda side: {"group": str(side.group.id)})],
    "checkin_change": [
        Try(lambda side: {"id": side.gathering.id}, form)
        for form in (
            lambda _: {"do": "note", "heading": "lessons", "text": "Sand"},
            lambda side: {"do": "remove_note", "note": str(side.note.id)},
            lambda side: {"do": "done", "action": str(side.action.id)},
            lambda side: {"do": "attendance", "staff": str(side.staff.id)},
            lambda _: {"do": "start"},
        )
    ],
    "print_day": [Try(query=lambda side: {"grupp": side.group.id})],
    "print_day_pdf": [Try(query=lambda side: {"grupp": side.group.id})],
    "call_quality": [Try(query=lambda side: {"grupp": side.group.id})],
    "call_quality_one": [Try(lambda side: {"id": side.ended.id})],
    "follow_up": [Try(query=lambda side: {"grupp": side.group.id})],
    "export_run": [
        Try(
            form=lambda side: {
                "what": "staff",
                "format": "csv",
                "purpose": "Arkivet",
                "group": str(side.group.id),
            }
        )
    ],
    "log_review": [
        Try(query=lambda side: {"grupp": side.group.id}),
        Try(query=lambda side: {"grupp": side.group.id, "brukare": side.client.id}),
    ],
    "log_emergency": [Try(lambda side: {"id": side.opening.id})],
    "log_emergency_judge": [Try(lambda side: {"id": side.opening.id}, lambda _: {"finding": "fine"})],
    "log_sample": [Try(query=lambda side: {"grupp": side.group.id})],
    "log_sample_settle": [Try(lambda side: {"id": side.sample.id}, lambda _: {"finding": "fine"})],
    "client_readers": [client()],
    "client_readers_print": [client(lambda _: {"purpose": "client"})],
    "clients": [Try(query=lambda side: {"grupp": side.group.id})],
    "clients_search": [Try(form=lambda side: {"grupp": str(side.group.id), "q": "Stina"})],
}


async def ask(
    site: Site, browser: Browser, name: str, one: Try, side: Side, more: Form | None = None
) -> tuple[int, str]:
    """Do it as a browser would, with `more` fields in the form, or the address of a GET; status and text."""
    resource = site.app.router[name]
    is_form = "POST" in {route.method for route in resource}
    address = resource.url_for(**{key: str(value) for key, value in one.parts(side).items()})
    asked = {**one.query(side), **({} if is_form else more or {})}
    address = address.with_query({key: str(value) for key, value in asked.items()})
    form = {**one.form(side), **(more or {})} if is_form else None
    body = {"json": {**one.sent(side), **(more or {})}} if one.sent is not None else {"data": form}
    answer = await browser.request("POST" if is_form else "GET", str(address), allow_redirects=False, **body)
    if answer.content_type == "text/event-stream":
        # News without end: that it began is all there is to know.
        answer.close()
        return answer.status, ""
    # A PDF is no text; what it says is tested where it is made.
    return answer.status, (await answer.read()).decode(errors="replace")
