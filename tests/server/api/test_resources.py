"""What the API answers: the same as pages and command line, for one's own groups, logged."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from care.accounts import Role
from care.clients import Client, Protection
from care.measures.gather import gather
from care.measures.report import report
from care.measures.span import span
from server.exchange.exporting import Export, FileFormat, export
from server.exchange.extract.wanted import Wanted
from server.exchange.intake.importer import OWN_FORMAT, Importer
from tests.server.api.conftest import Made, Program, make_program
from tests.server.conftest import Site


def exporter(site: Site) -> Importer:
    return Importer(
        source=OWN_FORMAT, now=site.clock.now(), today=site.clock.today(), zone=site.clock.zone,
        open_vault=lambda: pytest.fail("no vault is needed"),
    )  # fmt: skip


async def test_a_day_is_the_export(site: Site, made: Made, program: Program) -> None:
    """The same JSON as ``samtid export contacts --format json``, and everybody in it stands in the log."""
    told = await program.get(f"/contacts?date=2026-12-01&group={site.town.group.id}")
    today = site.clock.today()
    wanted = Wanted(today, today, frozenset({site.town.group.id}))
    raw = await export(site.database, Export.CONTACTS, FileFormat.JSON, wanted, exporter(site))
    assert told == json.loads(raw)
    assert str(made.own.visit.id) in {one["contact_id"] for one in told}
    logged = {row.client_id for row in await site.log() if row.where == "api_contacts" and row.client_id}
    assert {str(one) for one in logged} == {one["client_id"] for one in told}


async def test_a_day_without_a_group_is_ones_own(site: Site, made: Made, program: Program) -> None:
    told = await program.get("/contacts")
    ids = {one["contact_id"] for one in told}
    assert str(made.own.visit.id) in ids
    assert str(made.theirs.visit.id) not in ids


async def test_a_protected_identity_has_no_id_for_strangers(site: Site, made: Made) -> None:
    """A care worker whom it does not know sees that there is a row, and not whose."""
    async with site.database.write() as session:
        client = await session.get_one(Client, made.own.client.id)
        client.protection = Protection.CONFIDENTIALITY_MARK
    program = await make_program(site, "anna", Role.CARE_WORKER)
    told = {one["contact_id"]: one for one in await program.get("/contacts?date=2026-12-01")}
    assert told[str(made.own.visit.id)]["client_id"] is None
    listed = await program.get("/clients")
    assert str(client.id) not in {one["client_id"] for one in listed["clients"]}
    assert (await program.ask("GET", f"/contacts/{made.own.visit.id}")).status == 404


async def test_a_step_names_its_version(site: Site, made: Made, program: Program) -> None:
    """A step on what somebody else has changed is refused; the history says that a program did it."""
    path = f"/contacts/{made.own.visit.id}"
    before = await program.get(path)
    assert before["status"] == "planned"
    step = {"step": "check_in", "version": before["version"]}
    answer = await program.ask("POST", f"{path}/steps", json=step)
    assert answer.status == 200, await answer.text()
    after = await answer.json()
    assert after["status"] == "underway"
    assert after["history"][-1]["by"] == "api"
    assert after == await program.get(path)
    late = {"step": "check_out", "version": before["version"]}
    again = await program.ask("POST", f"{path}/steps", json=late)
    assert (again.status, (await again.json())["code"]) == (409, "stale")
    out = await program.ask("POST", f"{path}/steps", json={**late, "version": after["version"]})
    assert (await out.json())["status"] == "done"


async def test_times_that_somebody_remembers(site: Site, made: Made, program: Program) -> None:
    """Entered with an offset or as local time; a time that has not been is refused."""
    row = made.own.underway
    step: dict[str, Any] = {"step": "enter_late", "version": row.version, "end": "2026-12-01T06:35:00+01:00"}
    early = {**step, "start": "2026-12-01T06:50:00+01:00"}
    answer = await program.ask("POST", f"/contacts/{row.id}/steps", json=early)
    assert (answer.status, (await answer.json())["code"]) == (422, "contact.times")
    answer = await program.ask(
        "POST", f"/contacts/{row.id}/steps", json={**step, "start": "2026-12-01T06:20:00"}
    )
    told = await answer.json()
    assert told["status"] == "done"
    assert told["actual_start"] == "2026-12-01T06:20:00+01:00"


async def test_an_early_call_needs_a_reason(site: Site, made: Made, program: Program) -> None:
    """As on the page: more than ten minutes early, somebody says why."""
    site.clock.move(timedelta(minutes=-20))
    path, step = f"/contacts/{made.own.video.id}/steps", {"step": "check_in", "version": 1}
    answer = await program.ask("POST", path, json=step)
    assert (answer.status, (await answer.json())["code"]) == (409, "call.too_early")
    answer = await program.ask("POST", path, json={**step, "reason": "asked"})
    assert answer.status == 200, await answer.text()


async def test_a_move_follows_the_rules(site: Site, made: Made, program: Program) -> None:
    """What the rules say against it is said in words; what they allow is done."""
    row = made.own.visit
    address = f"/contacts/{row.id}/moves"
    answer = await program.ask("POST", address, json={"channel": "phone", "version": row.version})
    assert answer.status == 200, await answer.text()
    assert (await answer.json())["channel"] == "phone"


async def test_clients_with_the_least(site: Site, made: Made, program: Program) -> None:
    """Neither address, number nor telephone; the other group's are not there."""
    told = await program.get("/clients")
    assert set(told["clients"][0]) == {
        "client_id", "extern_id", "source", "name", "group_id", "group", "video_consent", "tablet", "away",
    }  # fmt: skip
    assert {one["group_id"] for one in told["clients"]} == {str(site.town.group.id)}
    mine = next(one for one in told["clients"] if one["client_id"] == str(made.own.client.id))
    assert mine["video_consent"]
    assert mine["tablet"]


async def test_tablets(site: Site, made: Made, program: Program) -> None:
    """One line a tablet, with both who share it."""
    told = {one["device_id"]: one for one in (await program.get("/tablets"))["tablets"]}
    assert set(told) == {str(made.own.device.id), str(made.own.shared.id)}
    assert len(told[str(made.own.shared.id)]["clients"]) == 2
    assert told[str(made.own.device.id)]["on"]


async def test_measures_are_the_commands(site: Site, made: Made, program: Program) -> None:
    """The same numbers as ``samtid measures --json``, for one's own groups."""
    told = await program.get(f"/measures?from=2026-11-25&to=2026-12-01&group={site.town.group.id}")
    since, until = span(site.clock.today().replace(month=11, day=25), site.clock.today(), site.clock.today())
    async with site.database.read() as session:
        figures = await gather(session, since, until, site.clock.zone, frozenset({site.town.group.id}))
    names = {site.town.group.id: site.town.group.name}
    assert told == json.loads(json.dumps(report(figures, since, until, names)))


async def test_a_disruption_from_report_to_plan(site: Site, made: Made, program: Program) -> None:
    """Reported, proposed, approved: the plan changes at approval and not before, for one's own group."""
    away = {
        "kind": "client_away", "scope": {"clients": [str(made.own.client.id)]},
        "from": "2026-12-01T08:00", "to": "2026-12-01T18:00",
    }  # fmt: skip
    answer = await program.ask("POST", "/disruptions", json=away)
    assert answer.status == 201, await answer.text()
    proposal = (await answer.json())["proposal"]
    assert [(one["kind"], one["contact_id"]) for one in proposal["changes"]] == [
        ("cancel", str(made.own.visit.id))
    ]
    assert (await program.get(f"/contacts/{made.own.visit.id}"))["status"] == "planned"
    address = f"/proposals/{proposal['proposal_id']}"
    assert (await program.get(address))["changes"] == proposal["changes"]
    answer = await program.ask("POST", f"{address}/approvals", json={"changes": None})
    told = await answer.json()
    assert answer.status == 200, told
    assert told["applied"] == [proposal["changes"][0]["id"]]
    assert told["refused"] == []
    assert (await program.get(f"/contacts/{made.own.visit.id}"))["status"] == "cancelled"
    answer = await program.ask("POST", f"{address}/approvals", json={"changes": None})
    assert (answer.status, (await answer.json())["code"]) == (409, "proposal.decided")


async def test_another_groups_things_do_not_exist(site: Site, made: Made, program: Program) -> None:
    """404 for every id of theirs, not a word of anybody, and each try is logged."""
    theirs = made.theirs
    step = {"step": "decline", "version": theirs.visit.version, "cause": "not_today"}
    snow = {"from": "2026-12-01T06:40", "to": "2026-12-01T16:00"}
    tries: list[tuple[str, str, Any]] = [
        ("GET", f"/contacts/{theirs.visit.id}", None),
        ("POST", f"/contacts/{theirs.visit.id}/steps", step),
        ("POST", f"/contacts/{theirs.visit.id}/moves", {"channel": "phone", "version": 1}),
        ("GET", f"/contacts?group={theirs.group.id}", None),
        ("GET", f"/clients?group={theirs.group.id}", None),
        ("GET", f"/measures?group={theirs.group.id}", None),
        ("GET", f"/proposals/{theirs.proposal.id}", None),
        ("POST", f"/proposals/{theirs.proposal.id}/approvals", {"changes": None}),
        ("POST", f"/proposals/{made.own.proposal.id}/approvals", {"changes": [str(theirs.change.id)]}),
        ("POST", "/disruptions", {**snow, "kind": "other", "scope": {"groups": [str(theirs.group.id)]}}),
        ("POST", "/disruptions", {**snow, "kind": "other", "scope": {"clients": [str(theirs.client.id)]}}),
    ]
    for method, path, body in tries:
        seen = len([row for row in await site.log() if not row.allowed])
        answer = await program.ask(method, path, json=body)
        text = await answer.text()
        assert answer.status == 404, (method, path, text)
        assert "Stina" not in text
        if "approvals" not in path or str(made.own.proposal.id) not in path:
            assert len([row for row in await site.log() if not row.allowed]) == seen + 1, path
    assert (await program.ask("GET", f"/contacts/{uuid4()}")).status == 404


#: Method, path, what is sent as JSON, and the status that answers.
ODD: list[tuple[str, str, bytes | None, int]] = [
    ("GET", "/contacts?date=ig%C3%A5r", None, 422),
    ("GET", "/contacts?date=0001-01-01", None, 422),
    ("GET", "/contacts?datum=2026-12-01", None, 422),
    ("GET", "/contacts?group=1&group=2", None, 422),
    ("GET", "/clients?page=" + "9" * 30, None, 422),
    ("GET", "/measures?from=2026-12-02&to=2026-12-01", None, 422),
    ("GET", "/contacts/inget-id", None, 404),
    ("GET", "/finns-inte", None, 404),
    ("DELETE", "/contacts", None, 405),
    ("POST", "/disruptions", b"{", 422),
    ("POST", "/disruptions", b"\xff\xfe", 422),
    ("POST", "/disruptions", b"[" * 100_000, 422),
    ("POST", "/disruptions", b" " * 300_000, 413),
    ("POST", "/disruptions", b'{"kind": "other", "scope": {"groups": ["a\\u0000"]}}', 422),
    ("POST", "/disruptions", b'{"kind": "rain"}', 422),
]


async def test_bad_input_is_told_in_words(site: Site, made: Made, program: Program) -> None:
    """Problem details with a stable code, whatever is sent."""
    for method, path, sent, status in ODD:
        headers = {"Content-Type": "application/json"} if sent is not None else {}
        answer = await program.ask(method, path, data=sent, headers=headers)
        assert answer.status == status, (path, await answer.text())
        assert answer.content_type == "application/problem+json"
        told = await answer.json()
        assert told["status"] == status
        assert told["type"] == f"urn:samtid:{told['code']}"
        if status == 405:
            assert "GET" in answer.headers["Allow"]
