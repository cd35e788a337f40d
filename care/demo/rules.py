"""The orders as contact rules, so that new rows are made from them in local wall time."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from care.demo.day import line_facts
from care.demo.order import Order
from care.demo.town import Town, anchor


def first_day(order: Order, history: date) -> date:
    """The day that the rule counts its weeks from: the fortnight's Monday, or the one after."""
    return anchor(history) + timedelta(days=7 if order.pattern.week == 1 else 0)


def rule_rows(town: Town, history: date, made_until: date) -> dict[str, list[dict[str, Any]]]:
    """Rules and their lines. `history` is the first day with rows, `made_until` the last."""
    rules, lines = [], []
    for order in town.cycle.orders:
        rules.append(
            {
                "id": town.rules[order.no],
                "client_id": town.people[order.person].id,
                "channel": order.channel,
                "at": time(order.at // 60, order.at % 60),
                "window_before": order.window,
                "window_after": order.window,
                "minutes": order.minutes,
                "staff_needed": order.staff,
                "recurrence": order.pattern.rrule,
                "first_day": first_day(order, history),
                "last_day": None,
                "staff_id": None,
                "priority": order.priority,
                "created_by_id": None,
                "created_at": town.since,
                "ended_at": None,
                "made_until": made_until,
                "version": 1,
            }
        )
        lines += [
            {
                "id": town.made("rule line", order.no, seq),
                "rule_id": town.rules[order.no],
                "seq": seq,
                **line_facts(town, order, code, minutes),
            }
            for seq, (code, minutes) in enumerate(order.lines)
        ]
    return {"contact_rule": rules, "contact_rule_line": lines}
