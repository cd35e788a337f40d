"""Consents on the client's page: written down, confirmed, withdrawn. A withdrawal holds at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client, DecisionAbility
from care.consent import Consent, ConsentKind, ConsentPerson, GivenHow
from care.errors import Fault, not_found
from care.guests.admission import revoke_relatives
from care.ids import new_id, read_id
from care.localtime import at as wall_at
from care.localtime import to_wall
from care.outbox import announce
from care.reviews import CONSENT_STANDS, close_reviews, waits_for_word
from care.tasks import Task, TaskKind
from scheduler.moving import consent_withdrawn
from server.keys import CLOCK
from server.language import N_
from server.pages.client.changing import changing, page_of
from server.pages.client.record import Record
from server.pages.client.words import HOW_GIVEN
from server.pages.form import Form, read_form
from server.pages.needs.onward import onward
from server.security.actor import actor
from server.security.gate import right
from server.security.hand import hand

routes = web.RouteTableDef()
NAME = 120


@dataclass(frozen=True, slots=True)
class Standing:
    """A consent and how it stands: a word, its colour and shape, and what may be done with it."""

    consent: Consent
    word: str
    kind: str
    symbol: str
    may_confirm: bool
    may_withdraw: bool
    #: Who answered, who took it down, and who took the withdrawal down.
    given_by: str | None
    by: str | None
    withdrawn_by: str | None
    is_over_due: bool


def consents_of(record: Record, now: datetime) -> list[Standing]:
    """Every consent, what holds first, then what waits, then what has been."""
    order = {"good": 0, "changed": 1, "needs": 2, "": 3}
    return sorted((_standing(record, one, now) for one in record.consents), key=lambda one: order[one.kind])


def _standing(record: Record, consent: Consent, now: datetime) -> Standing:
    may_confirm = may_withdraw = False
    if consent.withdrawn_at is not None:
        word, kind, symbol = N_("Taget tillbaka"), "", "undo-2"
    elif consent.refused:
        word, kind, symbol = N_("Har sagt nej"), "needs", "ban"
    elif consent.confirmed_at is None:
        word, kind, symbol = N_("Att bekräfta"), "changed", "circle-help"
        may_confirm = may_withdraw = True
    elif consent.valid(now):
        word, kind, symbol = N_("Har sagt ja"), "good", "check"
        may_withdraw = True
    else:
        word, kind, symbol = N_("Gäller inte än"), "", "clock"
        may_withdraw = True
    is_over_due = may_withdraw and consent.review_on is not None and consent.review_on <= to_wall(now).date()
    return Standing(
        consent,
        word,
        kind,
        symbol,
        may_confirm,
        may_withdraw,
        given_by=None if record.client.is_protected else consent.given_by,
        by=record.accounts.get(consent.recorded_by_id) if consent.recorded_by_id else None,
        withdrawn_by=record.accounts.get(consent.withdrawn_by_id) if consent.withdrawn_by_id else None,
        is_over_due=is_over_due,
    )


@routes.post("/brukare/{id}/samtycke", name="consent_record")
@right(Action.CONSENT_CHANGE)
async def record(request: web.Request) -> web.StreamResponse:
    """Write down a yes or a no that somebody has given."""
    form, clock = await read_form(request), request.app[CLOCK]
    async with changing(request, Action.CONSENT_CHANGE, "consent:record") as (session, client):
        consent = _read(form, client, clock.today(), clock.now())
        consent.recorded_by_id = actor(request).account_id
        session.add(consent)
        await session.flush()
        for old in await _answered(session, consent):
            await close_reviews(
                session,
                TaskKind.REVIEW_CONSENT,
                old,
                "asked",
                at=clock.now(),
                account_id=consent.recorded_by_id,
            )
        if consent.refused:
            await _stop(session, request, client, consent)
        else:
            await _settle(session, client, consent, clock.now())
        await _tell(session, client, consent, clock.now())
    return onward(request, page_of(request, client, "samtycken"))


def _read(form: Form, client: Client, today: date, now: datetime) -> Consent:
    kind = form.one_of("kind", ConsentKind)
    person = form.one_of("person", ConsentPerson, ConsentPerson.CLIENT)
    how = form.one_of("how", GivenHow)
    if how not in HOW_GIVEN:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="how")
    if person is ConsentPerson.COHABITANT and client.lives_alone:
        raise Fault("consent.lives_alone", "Personen bor ensam, enligt det som är antecknat.", place="person")
    given_on = form.day("given_on", needed=False) or today
    if given_on > today:
        raise Fault("consent.future", "Datumet har inte varit ännu.", place="given_on")
    review_on = form.day("review_on", needed=False)
    if review_on is not None and review_on <= given_on:
        raise Fault("consent.review", "Följ upp efter den dag då svaret gavs.", place="review_on")
    given_by = form.text("given_by", longest=NAME) or _answerer(client, person)
    is_spoken_for = (
        person is ConsentPerson.CLIENT
        and client.decision_ability is DecisionAbility.REPRESENTATIVE
        and not client.is_protected
    )
    if is_spoken_for and not form.text("given_by"):
        raise Fault("consent.who", "Skriv namnet på den som svarade för personen.", place="given_by")
    # What was said today was said by now, not at midnight: only so does it follow on a no earlier today.
    given_at = now if given_on == today else wall_at(given_on, time(12))
    return Consent(
        id=new_id(),
        client_id=client.id,
        kind=kind,
        person=person,
        given_how=how,
        given_at=given_at,
        given_by=given_by,
        document=form.text("document") or None,
        review_on=review_on,
        confirmed_at=now,
        refused=form.text("answer") == "no",
    )


@routes.post("/brukare/{id}/samtycke/{consent}/bekrafta", name="consent_confirm")
@right(Action.CONSENT_CHANGE)
async def confirm(request: web.Request) -> web.StreamResponse:
    """Somebody has asked: what came from a file is true. Doing it twice changes nothing."""
    now = request.app[CLOCK].now()
    async with changing(request, Action.CONSENT_CHANGE, "consent:confirm") as (session, client):
        consent = await _find(session, request, client)
        if consent.withdrawn_at is not None or consent.refused:
            raise Fault(
                "consent.over", "Det här samtycket gäller inte längre. Skriv in ett nytt.", status=409
            )
        if consent.confirmed_at is None:
            consent.confirmed_at = now
            consent.recorded_by_id = actor(request).account_id
            await session.flush()
            await _settle(session, client, consent, now)
            await _tell(session, client, consent, now)
    return onward(request, page_of(request, client, "samtycken"))


def _answerer(client: Client, person: ConsentPerson) -> str | None:
    """Who answers when no name was written: nothing of a protected identity is written out."""
    if client.is_protected:
        return client.first_name if person is ConsentPerson.CLIENT else None
    return client.full_name if person is ConsentPerson.CLIENT else client.cohabitant_name


async def _answered(session: AsyncSession, new: Consent) -> list[UUID]:
    """The earlier answers about the same thing by the same person: the new one takes their place."""
    return list(
        await session.scalars(
            select(Consent.id).where(
                Consent.client_id == new.client_id,
                Consent.kind == new.kind,
                Consent.person == new.person,
                Consent.id != new.id,
            )
        )
    )


@routes.post("/brukare/{id}/samtycke/{consent}/galler-an", name="consent_renew")
@right(Action.CONSENT_CHANGE)
async def renew(request: web.Request) -> web.StreamResponse:
    """Somebody has asked again and the yes still holds: it is asked about in a year, and the task is done."""
    clock = request.app[CLOCK]
    async with changing(request, Action.CONSENT_CHANGE, "consent:renew") as (session, client):
        consent = await _find(session, request, client)
        if not consent.valid(clock.now()):
            raise Fault(
                "consent.over", "Det här samtycket gäller inte längre. Skriv in ett nytt.", status=409
            )
        consent.review_on = clock.today() + CONSENT_STANDS
        await session.flush()
        await close_reviews(
            session, TaskKind.REVIEW_CONSENT, consent.id, "still_holds",
            at=clock.now(), account_id=actor(request).account_id,
        )  # fmt: skip
        await _tell(session, client, consent, clock.now())
    return onward(request, page_of(request, client, "samtycken"))


@routes.post("/brukare/{id}/samtycke/{consent}/ta-tillbaka", name="consent_withdraw")
@right(Action.CONSENT_CHANGE)
async def withdraw(request: web.Request) -> web.StreamResponse:
    """The yes is taken back: it holds at once, a call that is going on ends, coming calls become visits."""
    now = request.app[CLOCK].now()
    async with changing(request, Action.CONSENT_CHANGE, "consent:withdraw") as (session, client):
        consent = await _find(session, request, client)
        if consent.withdrawn_at is None:
            consent.withdrawn_at, consent.withdrawn_by_id = now, actor(request).account_id
            await session.flush()
            await close_reviews(
                session, TaskKind.REVIEW_CONSENT, consent.id, "withdrawn",
                at=now, account_id=consent.withdrawn_by_id,
            )  # fmt: skip
            await _stop(session, request, client, consent)
            await _settle(session, client, consent, now)
            await _tell(session, client, consent, now)
    return onward(request, page_of(request, client, "samtycken"))


async def _find(session: AsyncSession, request: web.Request, client: Client) -> Consent:
    consent = await session.scalar(
        select(Consent)
        .where(Consent.id == read_id(request.match_info["consent"]), Consent.client_id == client.id)
        .with_for_update()
    )
    if consent is None:
        raise not_found("samtycke")
    return consent


async def _stop(session: AsyncSession, request: web.Request, client: Client, consent: Consent) -> None:
    if consent.kind is ConsentKind.RELATIVE_CALLS:
        now = request.app[CLOCK].now()
        await revoke_relatives(session, client.id, now, actor(request).account_id)
    if consent.kind is ConsentKind.DIGITAL_VISIT:
        by = hand(request)
        await consent_withdrawn(session, client.id, clock=request.app[CLOCK], hand=by)


async def _settle(session: AsyncSession, client: Client, consent: Consent, now: datetime) -> None:
    """The task to confirm an imported consent is done when none of its kind waits any more."""
    if await waits_for_word(session, client.id):
        return
    for task in await session.scalars(
        select(Task).where(
            Task.client_id == client.id, Task.kind == TaskKind.CONFIRM_CONSENT, Task.closed_at.is_(None)
        )
    ):
        task.closed_at, task.once_key = now, None
        task.outcome = "confirmed" if consent.withdrawn_at is None else "withdrawn"
        task.closed_by_id = consent.withdrawn_by_id or consent.recorded_by_id
        await announce(
            session,
            now,
            "task.changed",
            group_id=client.group_id,
            client_id=client.id,
            task=task.id,
            kind=task.kind.value,
            closed=True,
        )


async def _tell(session: AsyncSession, client: Client, consent: Consent, now: datetime) -> None:
    await announce(
        session,
        now,
        "consent.changed",
        group_id=client.group_id,
        client_id=client.id,
        kind=consent.kind.value,
    )
