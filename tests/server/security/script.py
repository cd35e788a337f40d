"""Script in texts: what is written, where, and how to see that a page would run it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from sqlalchemy import Column, Enum, String, Table, literal, literal_column, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.storage.columns import Base

#: Breaks out of texts, of attributes with either quote and of script; the tag tells that it got out.
SCRIPT = (
    "\"'></script><script>window.ran=1</script><img src=x onerror=window.ran=1>"
    "<svg onload=window.ran=1><xq-out></xq-out>{{7*7}}"
)
#: Found wherever it stands, however it is quoted.
MARK = "xq-out"

#: Texts that no person writes: they are made by the program, or checked by their form on the way in.
NOT_WRITTEN = {
    "account.language", "account.password_hash", "account.username", "alert.once_key", "alert.problem",
    "alert.way", "alert_wish.phone", "call_quality.path", "client.language", "client.night_from",
    "client.night_to", "column_map.kind", "contact_history.event", "contact_history.status_after",
    "contact_history.status_before", "contact_rule.recurrence", "delegation.kind", "distance_leg.source",
    "gathering.week", "import_run.kind", "log_sample.month", "municipality.zone", "outbox_event.topic",
    "pairing.public_key", "pending_sign_in.target", "planned_contact.cause", "recorded_phrase.language",
    "recorded_phrase.media_type", "service.code", "sign_in.method", "task.once_key", "task.outcome",
    "tick.name",
    "proposal_change.needs_person", "service.goal_type", "contact_line.goal_type",
    "contact_rule_line.goal_type", "goal_type.code",
}  # fmt: skip
_MADE = re.compile(r"(_hash|^hash|checksum|previous)$")
#: Nothing in them can be changed.
_CLOSED = {"access_log", "access_archive"}


def written() -> Iterator[tuple[Table, Column[str]]]:
    """Every column that holds words of people, or of another system's file."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_text = isinstance(column.type, String) and not isinstance(column.type, Enum)
            name = f"{table.name}.{column.name}"
            is_made = table.name in _CLOSED or _MADE.search(column.name) or name in NOT_WRITTEN
            if is_text and not is_made:
                yield table, column


async def write_script(session: AsyncSession) -> int:
    """Put `SCRIPT` into every such text of every row; how many texts there were."""
    count = 0
    for table, column in written():
        # What must be different stays so.
        await session.execute(update(table).values({column: literal(SCRIPT) + literal_column("rowid")}))
        count += 1
    return count


@dataclass
class Form:
    """A form of a page: where to, and its fields with what stands in them."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    #: Fields for free text.
    texts: list[str] = field(default_factory=list)


_FILLED = {"date": "2026-12-02", "time": "10:00", "datetime-local": "2026-12-02T10:00", "number": "15"}
_TEXTS = {"text", "search", "tel", "email", "url", "hidden"}


class Reading(HTMLParser):
    """What a browser would make of a page: `wrong` holds what it would run, `forms` its forms."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.forms: list[Form] = []
        self._choosing = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == MARK:
            self.wrong.append(f"a tag got out at {self.getpos()}")
        if tag == "script" and not given.get("src") and given.get("type") != "application/json":
            self.wrong.append(f"script at {self.getpos()}")
        self.wrong += [f"{name} on {tag}" for name in given if name.startswith("on")]
        self.wrong += [
            f"{name}={given[name][:30]} on {tag}"
            for name in ("href", "src", "action", "formaction")
            if re.match(r"\s*(javascript|data:text)", given.get(name, ""), re.IGNORECASE)
        ]
        self._into_form(tag, given)

    def _into_form(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form" and given.get("method", "").lower() == "post" and "enctype" not in given:
            self.forms.append(Form(given.get("action", "")))
        name = given.get("name", "")
        if not self.forms or "disabled" in given:
            return
        form, kind = self.forms[-1], given.get("type", "text")
        if tag == "textarea" or (
            tag == "input" and kind in {"text", "search", "tel", "email", "url", "hidden"}
        ):
            form.values[name] = given.get("value", "")
            if kind != "hidden":
                form.texts.append(name)
        elif tag == "input" and kind in {"radio", "checkbox"}:
            if "checked" in given or name not in form.values:
                form.values[name] = given.get("value", "on")
        elif tag == "input":
            form.values[name] = given.get("value") or _FILLED.get(kind, "")
        elif tag == "select":
            self._choosing = name
        elif tag == "option" and self._choosing:
            if "selected" in given or not form.values.get(self._choosing):
                form.values[self._choosing] = given.get("value", "")
        elif tag == "button" and name and given.get("value"):
            form.values.setdefault(name, given["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choosing = ""
