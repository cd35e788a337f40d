"""The life of a tablet in a home: put up step by step, given back or lost, and what became of it then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.accounts import Account
from care.clients import Client
from care.devices import Device, DeviceAssignment, DeviceEnd, InstallMark, InstallStep
from care.errors import Fault
from care.ids import new_id
from scheduler.moving import tablet_lost
from server.keys import CLOCK, DATABASE
from server.pages.form import Form, read_form
from server.pages.rendering import address_of, go_to
from server.pages.tablet.found import find_tablet
from server.security.actor import Actor, actor
from server.security.gate import right
from server.security.hand import hand
from server.security.relation import listed
from server.tablets.home import revoke, tablets_of

routes = web.RouteTableDef()
NAME = 120
#: So long those that are no longer in use are listed.
GONE_SHOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Mark:
    """A step that is done: what was noted, when, and by whom."""

    note: str | None
    done_at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class Gone:
    """A tablet that is no longer in use."""

    device: Device
    names: list[str]
    by: str | None


@routes.post("/surfplattor/{id}/pa-plats", name="tablet_install")
@right(Action.DEVICE_CHANGE)
async def install(request: web.Request) -> web.StreamResponse:
    """The steps that are done. One that was ticked before keeps who and when; an unticked one is undone."""
    form, now = await read_form(request), request.app[CLOCK].now()
    steps = _steps(form)
    async with request.app[DATABASE].write() as session:
        device, _here = await find_tablet(request, session, Action.DEVICE_CHANGE, "installed")
        held = {
            one.step: one
            for one in await session.scalars(select(InstallMark).where(InstallMark.device_id == device.id))
        }
        for step, mark in held.items():
            if step not in steps:
                await session.delete(mark)
            elif mark.note != steps[step]:
                mark.note, mark.done_at, mark.done_by_id = steps[step], now, actor(request).account_id
        session.add_all(
            InstallMark(
                id=new_id(), device_id=device.id, step=step, note=note,
                done_at=now, done_by_id=actor(request).account_id,
            )
            for step, note in steps.items()
            if step not in held
        )  # fmt: skip
    return go_to(address_of(request, "tablet", id=device.id) + "#pa-plats")


@routes.post("/surfplattor/{id}/koppla-bort", name="tablet_revoke")
@right(Action.DEVICE_CHANGE)
async def take_away(request: web.Request) -> web.StreamResponse:
    """Take it out of use, for a reason: it erases its day and key at once, or as soon as it has contact.

    When it is lost, the calls that were to come on it become visits until another is put up.
    """
    clock = request.app[CLOCK]
    why = (await read_form(request)).one_of("why", DeviceEnd, DeviceEnd.OTHER)
    async with request.app[DATABASE].write() as session:
        device, here = await find_tablet(request, session, Action.DEVICE_CHANGE, f"ended:{why.value}")
        await revoke(session, device, clock.now(), why=why, account_id=actor(request).account_id)
        if why is DeviceEnd.LOST:
            for client in here:
                if not await tablets_of(session, client.id, clock.now()):
                    await tablet_lost(session, client.id, clock=clock, hand=hand(request))
    return go_to(address_of(request, "tablets"))


def _steps(form: Form) -> dict[InstallStep, str | None]:
    """The ticked steps, with a note where there is one."""
    ticked = form.texts("step", most=len(InstallStep))
    if not set(ticked) <= set(InstallStep):
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="step")
    steps: dict[InstallStep, str | None] = {step: None for step in InstallStep if step.value in ticked}
    if InstallStep.HELPER in steps:
        steps[InstallStep.HELPER] = form.text("helper", longest=NAME) or None
        if steps[InstallStep.HELPER] is None:
            raise Fault("install.helper", "Skriv vem som hjälper till.", place="helper")
    return steps


async def marks_of(session: AsyncSession, device_id: UUID) -> dict[InstallStep, Mark]:
    """The steps of a tablet that are done."""
    found = await session.execute(
        select(InstallMark, Account.display_name)
        .join(Account, Account.id == InstallMark.done_by_id, isouter=True)
        .where(InstallMark.device_id == device_id)
    )
    return {mark.step: Mark(mark.note, mark.done_at, by) for mark, by in found}


async def gone_tablets(
    session: AsyncSession, who: Actor, now: datetime
) -> tuple[list[Gone], list[tuple[UUID, UUID]]]:
    """Those of one's groups no longer in use, the latest first, and (client, group) of their people."""
    rows = await session.execute(
        select(Device, Client, Account.display_name)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Client, Client.id == DeviceAssignment.client_id)
        .join(Account, Account.id == Device.ended_by_id, isouter=True)
        .where(
            Device.revoked_at >= now - GONE_SHOWN,
            DeviceAssignment.end == Device.revoked_at,
            listed(who, Action.DEVICE_READ),
        )
        .order_by(Device.revoked_at.desc(), Device.id, DeviceAssignment.id)
    )
    found: dict[UUID, Gone] = {}
    people: list[tuple[UUID, UUID]] = []
    for device, client, by in rows:
        found.setdefault(device.id, Gone(device, [], by)).names.append(client.short_name)
        people.append((client.id, client.group_id))
    return list(found.values()), people
