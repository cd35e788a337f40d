"""The form of "Planera samtal": between what a person fills in and a `RuleWish`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.rule import ContactRule
from care.recurrence import Pattern, pattern_of, recurrence_for
from scheduler.rules import RuleWish
from server.language import N_
from server.pages.form import Form

CHANNELS = (
    (Channel.VIDEO, N_("Video"), "video"),
    (Channel.PROMPT, N_("Påminnelse på skärmen"), "bell"),
    (Channel.PHONE, N_("Telefon"), "phone"),
    (Channel.PHYSICAL, N_("Besök"), "house"),
)
#: Minutes both ways; the client wants a fixed time, so the window is narrow unless somebody widens it.
WINDOWS = (15, 30, 60, 120)
WEEKDAY_WORDS = (N_("mån"), N_("tis"), N_("ons"), N_("tors"), N_("fre"), N_("lör"), N_("sön"))


@dataclass(frozen=True, slots=True)
class Filled:
    """The form's fields as texts, to be shown again as they were."""

    values: dict[str, Any]

    def get(self, name: str, default: Any = "") -> Any:
        return self.values.get(name, default)


def fresh(clock: Clock, client_id: UUID | None) -> Filled:
    """An empty form: tomorrow, every week, by video, fifteen minutes."""
    now = clock.now().astimezone(clock.zone)
    return Filled(
        {
            "client": str(client_id or ""),
            "channel": Channel.VIDEO.value,
            "service": "",
            "at": "14:30",
            "window": "15",
            "minutes": "15",
            "staff": "",
            "pattern": Pattern.WEEKLY.value,
            "days": [],
            "first_day": now.date().isoformat(),
            "last_day": "",
            "ordered_by": "",
            "nurse": "",
        }
    )


def of_rule(rule: ContactRule) -> Filled:
    """The form of a rule as it stands."""
    pattern, days = pattern_of(rule.recurrence)
    line = rule.lines[0]
    return Filled(
        {
            "client": str(rule.client_id),
            "channel": rule.channel.value,
            "service": str(line.service_id),
            "at": rule.at.strftime("%H:%M"),
            "window": str(max(rule.window_before, rule.window_after)),
            "minutes": str(rule.minutes),
            "staff": str(rule.staff_id or ""),
            "pattern": pattern.value,
            "days": [str(day) for day in days],
            "first_day": rule.first_day.isoformat(),
            "last_day": rule.last_day.isoformat() if rule.last_day else "",
            "ordered_by": str(line.ordered_by_id or ""),
            "nurse": str(line.digital_allowed_by_id or ""),
        }
    )


def of_form(form: Form) -> Filled:
    """What was sent, whatever it is."""
    names = ("client", "channel", "service", "at", "window", "minutes", "staff", "pattern", "first_day",
             "last_day", "ordered_by", "nurse")  # fmt: skip
    return Filled({**{name: form.text(name) for name in names}, "days": form.texts("days")})


def wish_of(form: Form, rule: ContactRule | None) -> RuleWish:
    """What the form asks for. Raises `Fault` with the field as place."""
    client_id, service_id, first_day = form.id("client"), form.id("service"), form.day("first_day")
    pattern = form.one_of("pattern", Pattern)
    window = form.number("window", least=0, most=240)
    return RuleWish(
        client_id=client_id,
        channel=form.one_of("channel", Channel),
        services=_services(rule, service_id),
        at=form.wall("at"),
        minutes=form.number("minutes", least=1, most=720),
        first_day=first_day,
        last_day=form.day("last_day", needed=False) if pattern is not Pattern.ONCE else None,
        recurrence=_recurrence(form, pattern, first_day, rule),
        window_before=window,
        window_after=window,
        staff_id=form.id("staff", needed=False),
        staff_needed=rule.staff_needed if rule else 1,
        ordered_by_id=form.id("ordered_by", needed=False),
        digital_allowed_by_id=form.id("nurse", needed=False),
    )


def _services(rule: ContactRule | None, chosen: UUID) -> Sequence[UUID]:
    """The form shows one service; further lines of an imported rule are kept behind it."""
    rest = [line.service_id for line in rule.lines[1:]] if rule else []
    return [chosen, *rest]


def _recurrence(form: Form, pattern: Pattern, first_day: date, rule: ContactRule | None) -> str | None:
    if pattern is Pattern.OWN and rule is not None:
        return rule.recurrence
    days = [int(text) for text in form.texts("days") if text in "0123456" and len(text) == 1]
    return recurrence_for(pattern, first_day, days)
