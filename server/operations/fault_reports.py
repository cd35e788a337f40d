"""Reports that the system does not work: a file beside the database, which can be read when that cannot.

One line a report; in a second file one line for each that somebody has handled, with what they wrote. Anybody
may write a report without signing in, so whatever stands in it is somebody's words and no more, and a line
that is broken is shown as it is. What was handled a month ago is taken out: the text may name people.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from care.errors import Fault

FILE, HANDLED_FILE = "fault-reports.jsonl", "fault-reports-handled.jsonl"
#: Anybody may write: the file is never longer than this, in bytes.
LARGEST = 1024 * 1024
#: A report that somebody has handled stays so long.
KEPT = timedelta(days=30)
#: Of a line that cannot be read, so much is shown.
_RAW = 1000
#: One process writes; requests do so in threads.
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Handled:
    """Who saw to a report, when, and what came of it."""

    at: datetime | None
    account: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `is_whole` is False for a line that is no report of ours; `what` is then the line."""

    id: str
    what: str
    received: datetime | None
    #: When it was written, by the browser's clock.
    at: datetime | None
    is_whole: bool
    handled: Handled | None = None


def note(data: Path, line: dict[str, str]) -> None:
    """Add a report; one with the same ``key`` is there already. Raises `Fault` ``report.full`` (503)."""
    path = data / FILE
    with _LOCK:
        known = _text(path)
        if line["key"] and f'"key": {json.dumps(line["key"])}' in known:
            return
        if len(known.encode()) > LARGEST:
            raise Fault(
                "report.full",
                "Det finns redan för många rapporter. Ring i stället.",
                status=503,
                place="what",
            )
        # A line that was cut off by a full disk must not take the next one with it.
        cut = "\n" if known and not known.endswith("\n") else ""
        _append(path, cut + json.dumps(line, ensure_ascii=False) + "\n")


def reports(data: Path) -> list[Report]:
    """All of them: those that wait first, then those that are handled, the latest first."""
    marks = _marks(data)
    found = [_read(line, marks) for line in _lines(data / FILE)]
    found.reverse()
    return sorted(found, key=lambda one: one.handled is not None)


def handle(data: Path, report_id: str, account: str, text: str, now: datetime) -> None:
    """Note that a report has been seen to, and take out what was a month ago.

    Raises `Fault` ``report.gone`` (404) and ``report.handled`` (409).
    """
    with _LOCK:
        marks = _marks(data)
        found = [_read(line, marks) for line in _lines(data / FILE)]
        one = next((report for report in found if report.id == report_id), None)
        if one is None:
            raise Fault("report.gone", "Rapporten finns inte kvar.", status=404, place="report")
        if one.handled is not None:
            raise Fault("report.handled", "Någon annan har redan tagit hand om den.", status=409)
        mark = {"id": report_id, "at": now.isoformat(timespec="seconds"), "account": account, "note": text}
        _append(data / HANDLED_FILE, json.dumps(mark, ensure_ascii=False) + "\n")
        _forget(data, now)


def _forget(data: Path, now: datetime) -> None:
    marks = _marks(data)
    old = {key for key, mark in marks.items() if mark.at is not None and mark.at < now - KEPT}
    if not old:
        return
    _replace(data / FILE, (line for line in _lines(data / FILE) if _id(line) not in old))
    _replace(
        data / HANDLED_FILE,
        (line for line in _lines(data / HANDLED_FILE) if _fields(line).get("id") not in old),
    )


def _read(line: str, marks: dict[str, Handled]) -> Report:
    fields, key = _fields(line), _id(line)
    what = fields.get("what")
    if not isinstance(what, str) or not what.strip():
        return Report(key, line[:_RAW], None, None, is_whole=False, handled=marks.get(key))
    received, at = _time(fields.get("received")), _time(fields.get("at"))
    return Report(key, what, received, at, is_whole=True, handled=marks.get(key))


def _marks(data: Path) -> dict[str, Handled]:
    found: dict[str, Handled] = {}
    for line in _lines(data / HANDLED_FILE):
        fields = _fields(line)
        if isinstance(fields.get("id"), str):
            found[fields["id"]] = Handled(
                _time(fields.get("at")), str(fields.get("account", "")), str(fields.get("note", ""))
            )
    return found


def _fields(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _id(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:24]


def _lines(path: Path) -> list[str]:
    return list(dict.fromkeys(line for line in _text(path).split("\n") if line.strip()))


def _text(path: Path) -> str:
    try:
        # Whatever a broken disk or a hand has left in it: read as far as it goes.
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _append(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(text)


def _replace(path: Path, lines: Iterable[str]) -> None:
    fresh = path.with_name(f".{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
