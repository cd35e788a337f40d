"""The day on the tablet: first names, neutral words, nothing that a visitor should not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from care.clients import Protection
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.ids import new_id
from care.notices import Notice
from care.storage.database import Database
from server.tablets.day import day_for
from server.tablets.home import move_in, revoke
from tests.builders import make_client, make_contact, make_staff, moment
from tests.server.tablets.conftest import Home


async def day(home: Home, language: str = "sv") -> dict[str, Any]:
    async with home.database.read() as session:
        return await day_for(session, home.tablet.id, home.clock, language)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    said: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            said.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


async def test_a_day_tells_who_comes_and_who_rings(home: Home) -> None:
    """Visits come home, calls ring here; the last one that was stands first; times have a full stop."""
    services = home.town.services
    async with home.database.write() as session:
        maja = await make_staff(session, home.town, "Maja")
        await make_contact(
            session, home.ingrid, services["PV-MOR"], "2026-12-01 05:30", staff=[maja], status=Status.DONE
        )
        await make_contact(
            session, home.ingrid, services["PV-MOR"], "2026-12-01 06:00", staff=[maja], status=Status.DONE
        )
        await make_contact(
            session, home.ingrid, services["PV-MOR"], "2026-12-01 08:00", staff=[home.anna, maja]
        )
        await make_contact(
            session,
            home.ingrid,
            services["SO-SAM"],
            "2026-12-01 14:30",
            staff=[home.anna],
            channel=Channel.VIDEO,
        )
        await make_contact(
            session, home.ingrid, services["TI-DAG"], "2026-12-01 16:00", channel=Channel.PHONE
        )
        await make_contact(
            session, home.ingrid, services["MA-PAM"], "2026-12-01 17:00", channel=Channel.PROMPT
        )
    shown = await day(home)
    assert [(row["time"], row["line"], row["word"], row["state"]) for row in shown["rows"]] == [
        ("06.00", "Maja har varit här", "Morgonhjälp", "was"),
        ("08.00", "Anna och Maja kommer hem", "Morgonhjälp", "next"),
        ("14.30", "Anna ringer", "Samtal", "next"),
        ("16.00", "Hemtjänsten ringer din telefon", "Samtal", "next"),
        ("17.00", "Lunch", "Lunch", "next"),
    ]
    assert shown["rows"][2]["people"] == [{"first_name": "Anna", "portrait": "/kiosk/face/worker-003"}]
    assert shown["names"] == ["Ingrid"]
    assert shown["prompt"] is None
    assert shown["phone"] == {"label": "Ring hemtjänsten", "number": "0693-161 00"}


@pytest.mark.parametrize(
    ("channel", "status", "line"),
    [
        (Channel.PHYSICAL, Status.UNDERWAY, "Anna är här nu"),
        (Channel.PHYSICAL, Status.AWAITING, "Anna kommer hem"),
        (Channel.VIDEO, Status.AWAITING, "Vi ringer igen strax"),
        (Channel.VIDEO, Status.DONE, "Anna har ringt"),
        (Channel.VIDEO, Status.DONE_PHONE, "Anna har ringt"),
    ],
)
async def test_a_row_says_what_is_true_of_it(home: Home, channel: Channel, status: Status, line: str) -> None:
    """Nothing is said to have happened that has not."""
    async with home.database.write() as session:
        await make_contact(
            session, home.ingrid, home.town.services["TI-DAG"], "2026-12-01 06:30", staff=[home.anna],
            channel=channel, status=status,
        )  # fmt: skip
    (row,) = (await day(home))["rows"]
    assert row["line"] == line
    assert row["state"] == ("was" if status.is_done else "now")


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DECLINED, Status.REPLACED, Status.MISSED])
async def test_what_will_not_be_is_not_shown(home: Home, status: Status) -> None:
    async with home.database.write() as session:
        await make_contact(
            session, home.ingrid, home.town.services["PV-MOR"], "2026-12-01 08:00", status=status
        )
    assert (await day(home))["rows"] == []


async def test_cameras_and_dispensers_are_not_shown(home: Home) -> None:
    """There is nothing to wait for at the screen."""
    async with home.database.write() as session:
        for channel in (Channel.CAMERA_CHECK, Channel.DEVICE):
            await make_contact(
                session, home.ingrid, home.town.services["TI-NAT"], "2026-12-01 08:00", channel=channel
            )
    assert (await day(home))["rows"] == []


async def test_nothing_but_first_names_leaves_for_the_living_room(home: Home) -> None:
    """No surname, address, phone of the client, service code or goal stands anywhere in the day."""
    async with home.database.write() as session:
        home.ingrid.protection = Protection.PROTECTED_REGISTRATION
        home.ingrid.door_note = "Koden är 4711"
        session.add(home.ingrid)
        await make_contact(
            session, home.ingrid, home.town.services["HS-PAM"], "2026-12-01 08:00", staff=[home.anna],
            channel=Channel.VIDEO, note="Tar Waran",
        )  # fmt: skip
    text = json.dumps(await day(home), ensure_ascii=False)
    for secret in (
        "Berg",
        "Lind",
        "Storgatan",
        "070-174",
        "4711",
        "Waran",
        "HS-PAM",
        "Läkemedel",
        "medication",
    ):
        assert secret not in text


async def test_another_home_is_not_shown(home: Home) -> None:
    async with home.database.write() as session:
        other = await make_client(session, home.town, "Karl")
        await make_contact(session, other, home.town.services["PV-MOR"], "2026-12-01 08:00")
    assert (await day(home))["rows"] == []


async def test_two_in_a_home_see_whose_each_row_is(home: Home) -> None:
    """And it is night when both sleep."""
    services = home.town.services
    async with home.database.write() as session:
        karl = await make_client(session, home.town, "Karl", night_from="22:30", night_to="06:00")
        home.clock.move(timedelta(seconds=1))
        await move_in(session, await session.merge(home.tablet), karl, home.clock.now())
        await make_contact(session, home.ingrid, services["PV-MOR"], "2026-12-01 08:00", staff=[home.anna])
        await make_contact(session, karl, services["MA-STO"], "2026-12-01 12:00", staff=[home.anna])
    shown = await day(home)
    assert [row["word"] for row in shown["rows"]] == ["Morgonhjälp", "Lunch"]
    assert [row["line"] for row in shown["rows"]] == ["Anna kommer till Ingrid", "Anna kommer till Karl"]
    assert shown["names"] == ["Ingrid", "Karl"]
    assert shown["night"] == {"from": "22:30", "to": "06:00"}


async def test_a_revoked_tablet_has_no_day(home: Home) -> None:
    async with home.database.write() as session:
        await make_contact(session, home.ingrid, home.town.services["PV-MOR"], "2026-12-01 08:00")
        await revoke(session, await session.merge(home.tablet), home.clock.now())
    shown = await day(home)
    assert (shown["rows"], shown["names"], shown["phone"]) == ([], [], None)


async def test_a_reminder_is_asked_from_its_time_to_the_end_of_its_window(home: Home) -> None:
    """Not before, not after, not when it is answered."""
    async with home.database.write() as session:
        contact = await make_contact(
            session, home.ingrid, home.town.services["MA-PAM"], "2026-12-01 06:45", channel=Channel.PROMPT,
            status=Status.DUE,
        )  # fmt: skip
    assert (await day(home))["prompt"] is None
    home.clock.set(moment("2026-12-01 06:45"))
    prompt = (await day(home))["prompt"]
    assert prompt["contact"] == str(contact.id)
    assert prompt["title"] == "Lunch"
    assert prompt["text"] == "Nu är det dags för lunch."
    home.clock.set(moment("2026-12-01 07:16"))
    shown = await day(home)
    assert (shown["prompt"], shown["rows"]) == (None, [])


async def test_a_visit_that_is_late_stands_for_an_hour_and_no_more(home: Home) -> None:
    async with home.database.write() as session:
        await make_contact(
            session, home.ingrid, home.town.services["PV-MOR"], "2026-12-01 05:30", staff=[home.anna]
        )
    assert [row["state"] for row in (await day(home))["rows"]] == ["now"]
    home.clock.set(moment("2026-12-01 07:01"))
    assert (await day(home))["rows"] == []


async def test_in_the_evening_the_next_morning_is_known(home: Home) -> None:
    """24 hours ahead, over midnight; what was yesterday is gone."""
    async with home.database.write() as session:
        await make_contact(
            session, home.ingrid, home.town.services["PV-MOR"], "2026-12-01 08:00", status=Status.DONE
        )
        await make_contact(session, home.ingrid, home.town.services["PV-MOR"], "2026-12-02 08:00")
    home.clock.set(moment("2026-12-01 22:00"))
    assert [row["state"] for row in (await day(home))["rows"]] == ["was", "next"]
    home.clock.set(moment("2026-12-02 00:30"))
    assert [row["state"] for row in (await day(home))["rows"]] == ["next"]


async def test_a_change_is_told_until_somebody_has_touched_it(home: Home) -> None:
    """In words of what happens now, by the row as it stands or by the notice's own facts."""
    services, made = home.town.services, home.clock.now()
    async with home.database.write() as session:
        video = await make_contact(
            session,
            home.ingrid,
            services["TI-DAG"],
            "2026-12-01 10:30",
            staff=[home.anna],
            channel=Channel.VIDEO,
        )
        gone = await make_contact(
            session, home.ingrid, services["MA-STO"], "2026-12-02 12:00", status=Status.CANCELLED
        )
        for number, (contact, facts) in enumerate(
            [
                (video, {"kind": "move"}),
                (gone, {"kind": "cancel"}),
                (video, {"kind": "reassign", "names": ["Maja"]}),
            ]
        ):
            session.add(
                Notice(
                    id=new_id(), client_id=home.ingrid.id, contact_id=contact.id, facts=facts,
                    made_at=made + timedelta(seconds=number),
                )
            )  # fmt: skip
        session.add(
            Notice(
                id=new_id(),
                client_id=home.ingrid.id,
                contact_id=video.id,
                facts={},
                made_at=made,
                touched_at=made,
            )
        )
    assert [notice["text"] for notice in (await day(home))["notices"]] == [
        "Anna ringer här på skärmen i stället, klockan 10.30.",
        "Lunch i morgon klockan 12.00 blir inte av.",
        "Maja ringer här på skärmen i stället, klockan 10.30.",
    ]


async def test_a_full_day_costs_as_few_questions_as_an_empty_one(home: Home) -> None:
    """The number of questions does not grow with the rows."""
    async with home.database.read() as session:
        with counted(home.database) as empty:
            await day_for(session, home.tablet.id, home.clock, "sv")
    async with home.database.write() as session:
        for hour in range(8, 20):
            at = f"2026-12-01 {hour:02d}:00"
            await make_contact(session, home.ingrid, home.town.services["TI-DAG"], at, staff=[home.anna])
    async with home.database.read() as session:
        with counted(home.database) as full:
            shown = await day_for(session, home.tablet.id, home.clock, "sv")
    assert len(shown["rows"]) == 12
    assert len(full) == len(empty) <= 9
