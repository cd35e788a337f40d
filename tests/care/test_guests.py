"""Invitations to a call: who gets in, when, from which device, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from care.approved import ApprovedPerson, approve
from care.calls.call import Call, CallRole
from care.calls.life import CallState
from care.clients import Client, Protection
from care.clock import StandingClock
from care.consent import Consent, ConsentKind
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.guests.admission import admit, invite, note_in_room, refuse, revoke, revoke_relatives
from care.guests.invitation import (
    Invitation,
    bind,
    by_device,
    by_secret,
    hash_device,
    hash_secret,
    new_secret,
)
from care.guests.standing import Standing, invitations, standing
from care.ids import new_id
from care.storage.database import Database
from tests.builders import Town, make_client, make_consent, make_contact, make_town, moment

#: The row is at 14.30; the clock of the tests stands at 06.40.
START = "2026-12-01 14:30"


@dataclass
class Home:
    town: Town
    client: Client
    consent: Consent
    lisa: ApprovedPerson
    contact: PlannedContact


async def home(session: AsyncSession, clock: StandingClock) -> Home:
    town = await make_town(session)
    client = await make_client(session, town)
    consent = await make_consent(session, client, ConsentKind.RELATIVE_CALLS)
    lisa = await approve(
        session, client, name="Lisa", relation="dotter", given_by=None, now=clock.now(), account_id=None
    )
    contact = await make_contact(
        session, client, town.services["TI-DAG"], moment(START), channel=Channel.VIDEO
    )
    return Home(town, client, consent, lisa, contact)


async def ask_lisa(session: AsyncSession, here: Home, clock: StandingClock) -> tuple[Invitation, str]:
    return await invite(
        session, here.contact, name="", role=CallRole.RELATIVE, person=here.lisa, now=clock.now(),
        account_id=None,
    )  # fmt: skip


async def make_call(
    session: AsyncSession, contact: PlannedContact, state: CallState = CallState.CONNECTED
) -> Call:
    call = Call(id=new_id(), contact_id=contact.id, rung_at=contact.start, state=state)
    session.add(call)
    await session.flush()
    return call


async def test_early_waiting_admitted_over(database: Database, clock: StandingClock) -> None:
    """The life of an invitation by the clock and by the call; the window is the contact's own."""
    async with database.write() as session:
        here = await home(session, clock)
        made, secret = await ask_lisa(session, here, clock)
        assert (made.name, made.relation) == ("Lisa", "dotter")
        assert secret not in (made.secret_hash, "")
        assert made.opens == here.contact.start - timedelta(minutes=10)
        assert await standing(session, made, made.opens - timedelta(seconds=1)) is Standing.EARLY
        assert await standing(session, made, made.opens) is Standing.WAITING
        call = await make_call(session, here.contact)
        await admit(session, made, call, here.contact.start, None)
        late = made.closes + timedelta(hours=1)
        assert await standing(session, made, late) is Standing.ADMITTED, "a talk that takes long is not cut"
        call.state = CallState.ENDED
        await session.flush()
        assert await standing(session, made, here.contact.start) is Standing.WAITING, "it may ring again"
        assert await standing(session, made, late) is Standing.OVER
        assert await invitations(session, here.contact.id, late) == []


async def test_the_first_device_alone(database: Database, clock: StandingClock) -> None:
    """The same device comes back as often as it likes; another is refused, with the secret too."""
    now = clock.now()
    phone, other = new_secret(), new_secret()
    async with database.write() as session:
        here = await home(session, clock)
        made, secret = await ask_lisa(session, here, clock)
        found = await by_secret(session, secret)
        bind(found, phone, now)
        bind(found, phone, now)
        with pytest.raises(Fault) as fault:
            bind(found, other, now)
        assert fault.value.code == "guest.other_device"
        await session.flush()
        assert (await by_device(session, made.id, phone)).id == made.id
        for wrong in (other, secret, "", hash_device(phone)):
            with pytest.raises(Fault) as fault:
                await by_device(session, made.id, wrong)
            assert fault.value.code == "guest.unknown"


async def test_a_forged_secret_and_a_hash_are_nothing(database: Database, clock: StandingClock) -> None:
    """What is stolen from the database opens nothing."""
    async with database.write() as session:
        here = await home(session, clock)
        made, secret = await ask_lisa(session, here, clock)
        wrong = ("", "x", secret[:-1], secret[:-1] + ("A" if secret[-1] != "A" else "B"), made.secret_hash,
                 hash_secret(secret), "å" * 43, secret + "\0")  # fmt: skip
        for one in wrong:
            with pytest.raises(Fault) as fault:
                await by_secret(session, one)
            assert fault.value.code == "guest.unknown"


async def test_admitted_only_into_a_call_of_that_contact_that_is_talked(
    database: Database, clock: StandingClock
) -> None:
    """Not early, not while it rings, not after it, and never into somebody else's call."""
    async with database.write() as session:
        here = await home(session, clock)
        other = await make_contact(
            session, here.client, here.town.services["TI-DAG"], moment("2026-12-01 15:00"),
            channel=Channel.VIDEO,
        )  # fmt: skip
        made, _ = await ask_lisa(session, here, clock)
        talk = await make_call(session, here.contact)
        elsewhere = await make_call(session, other)
        ringing = await make_call(session, here.contact, CallState.RINGING)
        ended = await make_call(session, here.contact, CallState.ENDED)
        with pytest.raises(Fault) as fault:
            await admit(session, made, talk, clock.now(), None)
        assert fault.value.code == "guest.early"
        for call in (elsewhere, ringing, ended):
            with pytest.raises(Fault) as fault:
                await admit(session, made, call, here.contact.start, None)
            assert fault.value.code == "guest.no_call"
        await admit(session, made, talk, here.contact.start, None)
        assert made.call_id == talk.id


async def test_revoked_and_refused_are_over_for_good(database: Database, clock: StandingClock) -> None:
    """In the middle of a call too, and nobody is let in by it again."""
    async with database.write() as session:
        here = await home(session, clock)
        call = await make_call(session, here.contact)
        now = here.contact.start
        for end, found in ((revoke, Standing.REVOKED), (refuse, Standing.REFUSED)):
            made, _ = await ask_lisa(session, here, clock)
            await admit(session, made, call, now, None)
            await end(session, made, now, None)
            assert await standing(session, made, now) is found
            with pytest.raises(Fault) as fault:
                await admit(session, made, call, now, None)
            assert fault.value.code == f"guest.{found.value}"


async def test_relatives_are_of_the_list_and_by_consent(database: Database, clock: StandingClock) -> None:
    """Nobody else comes as a relative; with the consent goes what has been sent."""
    async with database.write() as session:
        here = await home(session, clock)
        stranger = await make_client(session, here.town, first_name="Sten")
        other = await approve(
            session, stranger, name="Bo", relation="son", given_by=None, now=clock.now(), account_id=None
        )
        for person in (None, other):
            with pytest.raises(Fault) as fault:
                await invite(
                    session, here.contact, name="Bo", role=CallRole.RELATIVE, person=person, now=clock.now(),
                    account_id=None,
                )  # fmt: skip
            assert fault.value.code == "guest.not_listed"
        made, _ = await ask_lisa(session, here, clock)
        interpreter, _ = await invite(
            session, here.contact, name="Amal", role=CallRole.INTERPRETER, person=None, now=clock.now(),
            account_id=None,
        )  # fmt: skip
        here.consent.withdrawn_at = clock.now()
        await session.flush()
        with pytest.raises(Fault) as fault:
            await ask_lisa(session, here, clock)
        assert fault.value.code == "consent.relatives"
        call = await make_call(session, here.contact)
        with pytest.raises(Fault) as fault:
            await admit(session, made, call, here.contact.start, None)
        assert fault.value.code == "consent.relatives"
        assert await revoke_relatives(session, here.client.id, clock.now(), None) == 1
        assert [one.id for one in await invitations(session, here.contact.id, clock.now())] == [
            interpreter.id
        ]


async def test_no_relative_comes_to_who_is_protected_by_now(database: Database, clock: StandingClock) -> None:
    """The list and the link were made before: whom the client is protected from may be on it."""
    async with database.write() as session:
        here = await home(session, clock)
        made, _ = await ask_lisa(session, here, clock)
        call = await make_call(session, here.contact)
        here.client.protection = Protection.CONFIDENTIALITY_MARK
        await session.flush()
        with pytest.raises(Fault) as fault:
            await ask_lisa(session, here, clock)
        assert fault.value.code == "approved.protected"
        with pytest.raises(Fault) as fault:
            await admit(session, made, call, here.contact.start, None)
        assert fault.value.code == "approved.protected"


async def test_a_new_link_takes_the_place_of_the_old(database: Database, clock: StandingClock) -> None:
    """Whoever has lost the first gets another, and the first is of no more use."""
    async with database.write() as session:
        here = await home(session, clock)
        first, _ = await ask_lisa(session, here, clock)
        second, _ = await ask_lisa(session, here, clock)
        assert await standing(session, first, clock.now()) is Standing.REVOKED
        assert [one.id for one in await invitations(session, here.contact.id, clock.now())] == [second.id]


async def test_the_time_in_the_room_is_kept(database: Database, clock: StandingClock) -> None:
    """From the first moment to the last, whatever breaks in between."""
    async with database.write() as session:
        here = await home(session, clock)
        made, _ = await ask_lisa(session, here, clock)
        began = here.contact.start
        for minute, inside in ((0, True), (2, False), (3, True), (9, False)):
            await note_in_room(session, made, began + timedelta(minutes=minute), inside=inside)
        assert (made.joined_at, made.left_at) == (began, began + timedelta(minutes=9))
