"""Rows of every kind as hypothesis makes them: whatever the import could have read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from care.clients import DecisionAbility, Protection, VideoWish
from care.consent import GivenHow
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.identity.personal_number import parse
from care.services import DigitalClass, Law, Priority
from care.staff import Title
from server.exchange.kind import Kind, Row
from server.exchange.kinds.clients import ClientRow
from server.exchange.kinds.contacts import ContactRow
from server.exchange.kinds.performed import PerformedRow
from server.exchange.kinds.services import GOAL_TYPES, ServiceRow
from server.exchange.kinds.shifts import ShiftRow
from server.exchange.kinds.staff import StaffRow
from server.exchange.values import read_name

TODAY = date(2026, 12, 1)


# Formulas, quotes, separators and apostrophes turn up far more often than chance would have them.
texts = st.builds(
    lambda head, body: read_name(head + body) or "a",
    st.sampled_from(
        ["", "", "=", "+", "-", "@", "'", "''", "'=", '"', ";", ",", "＝", "=1+1", "=cmd|' /C calc'!A0"]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=30),
)
service_codes = texts.map(lambda text: text.replace("+", "").strip()[:40].strip() or "A")
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
# Around the autumn night when 02.00–03.00 comes twice, and the spring night when it does not come at all.
odd_nights = st.one_of(
    st.integers(0, 12 * 3600).map(lambda s: datetime(2026, 10, 24, 18, tzinfo=UTC) + timedelta(seconds=s)),
    st.integers(0, 12 * 3600).map(lambda s: datetime(2026, 3, 28, 18, tzinfo=UTC) + timedelta(seconds=s)),
)
moments = st.one_of(instants, odd_nights)
maybe = st.none() | st.booleans()
languages = st.sampled_from(["sv", "fi", "so", "ar", "de", "se", "ti"])


def degrees(least: float, most: float) -> st.SearchStrategy[float]:
    return st.floats(least, most).map(lambda value: round(value, 7))


@st.composite
def client_rows(draw: st.DrawFn) -> ClientRow:
    place = draw(st.none() | st.tuples(degrees(55, 69.2), degrees(10.5, 24.3)))
    number = draw(
        st.none() | st.sampled_from(["194001079120", "121212+1212", "19400107-D001", "701063-2391"])
    )
    phone = draw(st.none() | st.sampled_from(["070-123 45 67", "+46 70 123 45 67", "(0693) 161 00"]))
    protection = draw(st.sampled_from(Protection))
    open_identity = protection is Protection.NONE
    lives_with = draw(maybe) if open_identity else None
    return ClientRow(
        draw(texts),
        draw(texts),
        draw(texts) if open_identity else "",
        parse(number, TODAY) if number and open_identity else None,
        draw(texts),
        draw(st.none() | texts) if open_identity else None,
        place[0] if place and open_identity else None,
        place[1] if place and open_identity else None,
        phone if open_identity else None,
        draw(st.none() | languages),
        draw(maybe),
        draw(maybe),
        protection,
        lives_with,
        draw(st.none() | st.sampled_from(["Åke Berg", "Anna-Lisa", "=1+1", "maken"])) if lives_with else None,
        draw(maybe) if lives_with is not False else None,
        draw(st.none() | st.sampled_from([GivenHow.ORAL, GivenHow.SIGNED, GivenHow.WITH_SUPPORT])),
        draw(st.none() | st.sampled_from(DecisionAbility)),
        draw(st.none() | texts) if open_identity else None,
        draw(st.none() | st.sampled_from(VideoWish)),
    )


@st.composite
def contact_rows(draw: st.DrawFn) -> ContactRow:
    start = draw(moments)
    window: tuple[datetime | None, datetime | None] = (None, None)
    if draw(st.booleans()):
        before, after = draw(st.integers(0, 40 * 3600)), draw(st.integers(0, 40 * 3600))
        window = (start - timedelta(seconds=before), start + timedelta(seconds=after))
    return ContactRow(
        draw(texts),
        draw(texts),
        start,
        draw(st.integers(1, 1440)),
        *window,
        draw(st.none() | st.sampled_from(Channel)),
        tuple(draw(st.lists(service_codes, min_size=1, max_size=3))),
        tuple(draw(st.lists(texts, max_size=2, unique=True))),
    )


@st.composite
def shift_rows(draw: st.DrawFn) -> ShiftRow:
    start = draw(moments)
    length = draw(st.integers(60, 30 * 3600).filter(lambda s: s not in (23 * 3600, 24 * 3600, 25 * 3600)))
    return ShiftRow(
        draw(texts),
        start,
        start + timedelta(seconds=length),
        draw(st.integers(0, min(480, (length - 1) // 60))),
    )


@st.composite
def performed_rows(draw: st.DrawFn) -> PerformedRow:
    start = draw(moments)
    length = draw(st.none() | st.integers(0, 30 * 3600))
    outcome = draw(
        st.sampled_from([Status.DONE, Status.DONE_PHONE, Status.DECLINED, Status.CANCELLED, Status.MISSED])
    )
    return PerformedRow(
        draw(texts), start, None if length is None else start + timedelta(seconds=length), outcome
    )


ROWS: dict[Kind, st.SearchStrategy[Row]] = {
    Kind.SERVICES: st.builds(
        ServiceRow,
        service_codes,
        texts,
        st.none() | st.sampled_from(Law),
        st.none() | st.integers(0, 1440),
        st.none() | st.sampled_from([*GOAL_TYPES.values(), "sim_hall", "x"]),
        st.sampled_from(DigitalClass),
        st.none() | st.sampled_from(Priority),
    ),
    Kind.CLIENTS: client_rows(),
    Kind.STAFF: st.builds(
        StaffRow,
        texts,
        texts,
        texts,
        st.none() | st.sampled_from(Title),
        texts,
        maybe,
        maybe,
        st.lists(languages, unique=True, max_size=3).map(tuple),
    ),
    Kind.SHIFTS: shift_rows(),
    Kind.CONTACTS: contact_rows(),
    Kind.PERFORMED: performed_rows(),
}
