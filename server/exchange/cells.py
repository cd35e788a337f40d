"""The cells of one line, read field by field, so that every fault of a line is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from care.errors import Fault
from care.localtime import SWEDEN, is_fold
from server.exchange import times
from server.exchange.times import WallClock

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the reading of a file needs to know beside the file.

    Attributes
    ----------
    today
        The day it is: tells the century of a ten-digit personal number.
    zone
        Where the wall times are.
    """

    today: date
    zone: ZoneInfo = SWEDEN


@dataclass(slots=True)
class Cells:
    """The texts of one line by field name, and the faults met while reading them.

    `need`, `may` and `instant` never raise: they note the fault with its field and give None back, which the
    caller must not build a row of. It asks `failed()` first.
    """

    texts: Mapping[str, str]
    around: Circumstances
    errors: list[tuple[str, Fault]] = field(default_factory=list)
    warnings: list[tuple[str, Fault]] = field(default_factory=list)

    def failed(self) -> bool:
        """True when something has been refused: no row may be built."""
        return bool(self.errors)

    def given(self, name: str) -> bool:
        """True when the file has the column and this line something in it."""
        return bool(self.texts.get(name))

    def need(self, name: str, read: Callable[[str], _T]) -> _T:
        """The value of a field that must be there."""
        if not self.given(name):
            self.refuse(name, Fault("import.missing_value", "Cellen får inte vara tom."))
            return cast(_T, None)
        return cast(_T, self.may(name, read))

    def may(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """The value of a field that may be empty or lack its column."""
        if not self.given(name):
            return None
        try:
            return read(self.texts[name])
        except Fault as fault:
            self.refuse(name, fault)
            return None

    def instant(self, name: str, day: date, clock: WallClock) -> datetime:
        """The instant of a start. Told with a warning when the clock passes that time twice."""
        return self._resolve(name, clock, lambda: times.start_of(day, clock, self.around.zone))

    def end(self, name: str, day: date, clock: WallClock, start: datetime) -> datetime:
        """The instant of an end: before the start means the next day."""
        return self._resolve(name, clock, lambda: times.end_of(day, clock, start, self.around.zone))

    def _resolve(self, name: str, clock: WallClock, find: Callable[[], datetime]) -> datetime:
        try:
            found = find()
        except Fault as fault:
            self.refuse(name, fault)
            return cast(datetime, None)
        except OverflowError:
            self.refuse(name, Fault("import.date_range", "Datumet ligger för långt bort."))
            return cast(datetime, None)
        local = found.astimezone(self.around.zone)
        if (
            clock.offset is None
            and is_fold(local.replace(tzinfo=None, fold=0), self.around.zone)
            and not local.fold
        ):
            self.warn(
                name,
                "import.fold",
                "Klockan %(time)s kommer två gånger den natten. Den första har valts.",
                time=local.strftime("%H.%M"),
            )
        return found

    def refuse(self, name: str, fault: Fault) -> None:
        self.errors.append((name, fault))

    def warn(self, name: str, code: str, sentence: str, **values: object) -> None:
        self.warnings.append((name, Fault(code, sentence, values=values)))
