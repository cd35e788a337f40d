"""Pairing: one tablet, one home, ten minutes, five tries, and a worker who has seen it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care.devices import Device, Pairing
from care.errors import Fault
from care.outbox import OutboxEvent
from care.pairing import Invitation, invite
from server.tablets import pairing
from server.tablets.home import clients_of, move_in, tablets_of
from server.tablets.keys import check_number
from tests.builders import make_client
from tests.server.tablets.conftest import Home
from tests.server.tablets.keys import TabletKey


async def invited(home: Home, *, is_demo: bool = False) -> Invitation:
    async with home.database.write() as session:
        return await invite(
            session,
            home.ingrid.id,
            home.clock.now(),
            confirm=not is_demo,
            valid=None if is_demo else timedelta(minutes=10),
        )


async def by_code(home: Home, code: str, key: TabletKey) -> pairing.Claim:
    async with home.database.write() as session:
        return await pairing.claim_by_code(session, home.clock.now(), code, key.public)


async def by_secret(home: Home, secret: str, key: TabletKey) -> pairing.Claim:
    async with home.database.write() as session:
        return await pairing.claim_by_secret(session, home.clock.now(), secret, key.public)


async def let_in(home: Home, made: Invitation, number: str | None) -> Device:
    async with home.database.write() as session:
        found = await pairing.find(session, made.pairing.id)
        return await pairing.confirm(session, home.clock.now(), found, account_id=None, number=number)


async def now_of(home: Home, made: Invitation) -> Pairing:
    async with home.database.read() as session:
        found = await session.get(Pairing, made.pairing.id)
        assert found is not None
        return found


def code_of(claim: pairing.Claim) -> str:
    assert claim.fault is not None
    return claim.fault.code


def wrong(made: Invitation) -> str:
    return f"{(int(made.code) + 1) % 1_000_000:06d}"


async def test_neither_secret_nor_code_is_stored(home: Home) -> None:
    """Only hashes; and two invitations for one code have different ones."""
    made = await invited(home)
    stored = await now_of(home, made)
    for value in (stored.secret_hash, stored.code_hash):
        assert made.secret not in value
        assert made.code not in value


async def test_a_tablet_is_in_only_when_a_worker_has_confirmed_its_number(home: Home) -> None:
    """Claimed is not paired: the worker sees the same four digits as the tablet, and then it is a device."""
    made, key = await invited(home), TabletKey()
    claim = await by_secret(home, made.secret, key)
    assert claim.fault is None
    assert claim.pairing is not None
    assert claim.pairing.device_id is None
    stored = await now_of(home, made)
    assert pairing.waiting_number(stored) == check_number(key.public)
    with pytest.raises(Fault) as fault:
        await let_in(home, made, "not it")
    assert fault.value.code == "pairing.number"
    device = await let_in(home, made, check_number(key.public))
    assert device.public_key == key.public
    again = await by_secret(home, made.secret, key)
    assert again.pairing is not None
    assert again.pairing.device_id == device.id
    async with home.database.read() as session:
        assert [one.id for one in await clients_of(session, device.id, home.clock.now())] == [home.ingrid.id]


async def test_a_demo_tablet_is_let_in_at_once_and_its_address_does_not_age(home: Home) -> None:
    """confirm=False and no expiry: for a demo on this machine."""
    made = await invited(home, is_demo=True)
    home.clock.move(timedelta(days=30))
    claim = await by_secret(home, made.secret, TabletKey())
    assert claim.pairing is not None
    assert claim.pairing.device_id is not None


async def test_after_ten_minutes_neither_secret_nor_code_works(home: Home) -> None:
    """And a tablet that has been waiting is not let in any more either."""
    made, key = await invited(home), TabletKey()
    waiting = await invited(home)
    home.clock.move(timedelta(minutes=1))
    made = waiting
    await by_secret(home, made.secret, key)
    home.clock.move(timedelta(minutes=10))
    assert code_of(await by_secret(home, made.secret, TabletKey())) == "pairing.used"
    assert code_of(await by_secret(home, made.secret, key)) == "pairing.expired"
    with pytest.raises(Fault) as fault:
        await let_in(home, made, check_number(key.public))
    assert fault.value.code == "pairing.expired"
    fresh = await invited(home)
    home.clock.move(timedelta(minutes=10))
    assert code_of(await by_secret(home, fresh.secret, TabletKey())) == "pairing.expired"
    assert code_of(await by_code(home, fresh.code, TabletKey())) == "pairing.expired"


async def test_a_new_invitation_ends_the_one_before(home: Home) -> None:
    """What stood on a screen a moment ago opens nothing."""
    old, new = await invited(home), await invited(home)
    assert code_of(await by_secret(home, old.secret, TabletKey())) == "pairing.expired"
    assert (await by_secret(home, new.secret, TabletKey())).fault is None


async def test_five_wrong_codes_end_the_code_but_not_the_picture(home: Home) -> None:
    """The sixth try fails even with the right code; the long secret cannot be guessed and still works."""
    made = await invited(home)
    for tried in range(5):
        fault = code_of(await by_code(home, wrong(made), TabletKey()))
        assert fault == ("pairing.unknown" if tried < 4 else "pairing.tries")
    assert (await now_of(home, made)).tries == 5
    assert code_of(await by_code(home, made.code, TabletKey())) == "pairing.tries"
    assert (await by_secret(home, made.secret, TabletKey())).fault is None


async def test_spaces_in_a_code_do_not_matter_and_letters_cost_nothing(home: Home) -> None:
    """Typing noise is a sentence, not a try."""
    made = await invited(home)
    assert code_of(await by_code(home, "12a456", TabletKey())) == "pairing.bad"
    assert code_of(await by_code(home, "²²²²²²", TabletKey())) == "pairing.bad"
    assert (await now_of(home, made)).tries == 0
    assert (await by_code(home, f"{made.code[:3]} {made.code[3:]}", TabletKey())).fault is None


async def test_one_invitation_is_for_one_tablet(home: Home) -> None:
    """The second key is refused while the first waits, and after it was let in."""
    made, first, second = await invited(home), TabletKey(), TabletKey()
    assert (await by_code(home, made.code, first)).fault is None
    assert code_of(await by_code(home, made.code, second)) == "pairing.used"
    await let_in(home, made, check_number(first.public))
    assert code_of(await by_code(home, made.code, second)) == "pairing.used"
    assert code_of(await by_secret(home, made.secret, second)) == "pairing.used"
    with pytest.raises(Fault) as fault:
        await let_in(home, made, None)
    assert fault.value.code == "pairing.used"


async def test_a_refused_tablet_hears_no(home: Home) -> None:
    """And nothing is left that could be confirmed afterwards."""
    made, key = await invited(home), TabletKey()
    await by_secret(home, made.secret, key)
    async with home.database.write() as session:
        await pairing.refuse(session, home.clock.now(), await pairing.find(session, made.pairing.id))
    assert code_of(await by_secret(home, made.secret, key)) == "pairing.refused"
    with pytest.raises(Fault):
        await let_in(home, made, check_number(key.public))


async def test_nobody_can_be_confirmed_before_a_tablet_has_come(home: Home) -> None:
    made = await invited(home)
    with pytest.raises(Fault) as fault:
        await let_in(home, made, None)
    assert fault.value.code == "pairing.nobody"


async def test_a_new_tablet_takes_the_place_of_the_old_one(home: Home) -> None:
    """The old one is revoked in the same step, and both who lived with it are seen on the new one."""
    async with home.database.write() as session:
        karl = await make_client(session, home.town, "Karl")
        await move_in(session, await session.merge(home.tablet), karl, home.clock.now())
    home.clock.move(timedelta(minutes=1))
    made, key = await invited(home), TabletKey()
    await by_secret(home, made.secret, key)
    device = await let_in(home, made, check_number(key.public))
    async with home.database.read() as session:
        assert [one.id for one in await tablets_of(session, home.ingrid.id, home.clock.now())] == [device.id]
        here = {one.first_name for one in await clients_of(session, device.id, home.clock.now())}
        assert here == {"Ingrid", "Karl"}
        old = await session.get(Device, home.tablet.id)
        assert old is not None
        assert old.revoked_at is not None
        topics = list(await session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.number)))
    assert "device.revoked" in topics
    assert topics[-1] == "device.changed"


async def test_an_unknown_secret_says_nothing(home: Home) -> None:
    await invited(home)
    assert code_of(await by_secret(home, "x" * 32, TabletKey())) == "pairing.unknown"
