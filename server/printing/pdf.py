"""The sheets of a day as a PDF: A4, black on white, large enough for a car in the dark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from fpdf import FPDF, FontFace
from fpdf.enums import MethodReturnValue

from server.language import N_
from server.pages.plan.day import PlanRow, WorkerDay
from server.pages.rendering import clock_text, day_text, short_day_text
from server.printing.sheets import DaySheets, Home, WorkerSheet
from server.printing.typeface import cut

Say = Callable[[str], str]

_TEXT, _MORE, _FIGURES = "text", "more", "figures"
_MARGIN = 15.0
_LINE = 5.5
#: Lines of a row that go on one sheet, whatever stands above it; a longer one goes on in a row below.
_MOST_LINES = 30
_CHANNELS = {
    "physical": N_("Besök"),
    "video": N_("Video"),
    "phone": N_("Telefon"),
    "prompt": N_("Påminnelse"),
    "device": N_("Automat"),
    "camera_check": N_("Kamera"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed (`what`: personal, brukare or ring), and what stands in the corner of each sheet."""

    sheets: DaySheets
    what: str
    day: date
    group: str
    municipality: str
    made_at: datetime
    zone: ZoneInfo
    language: str
    say: Say

    def time(self, instant: datetime) -> str:
        return clock_text(instant, self.zone)


def day_as_pdf(paper: Paper, files: Mapping[str, Path]) -> bytes:
    """The PDF; `files` are the program's own, by name, for its typeface."""
    pdf = _Sheets(paper, files)
    match paper.what:
        case "personal":
            for sheet in paper.sheets.workers:
                pdf.worker(sheet)
        case "brukare":
            for home in paper.sheets.homes:
                pdf.home(home)
        case _:
            pdf.calls()
    if pdf.page_no() == 0:
        pdf.begin(paper.say("Skriv ut dagen"), "")
        pdf.words(paper.say("Det finns ingenting att skriva ut den här dagen."))
    return bytes(pdf.output())


class _Sheets(FPDF):
    def __init__(self, paper: Paper, files: Mapping[str, Path]) -> None:
        super().__init__(format="A4")
        self._paper, self._say = paper, paper.say
        for family, styles in zip((_TEXT, _MORE, _FIGURES), cut(files), strict=True):
            for style, path in styles.items():
                self.add_font(family, style, str(path))
        # Names may have letters that the first file lacks.
        self.set_fallback_fonts([_MORE], exact_match=False)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=18)
        self.set_title(paper.say("Skriv ut dagen"))
        self.set_lang(paper.language)
        self.set_creation_date(paper.made_at)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(_TEXT, size=9)
        self.cell(0, 6, self._say("Sekretess: förstör pappret när dagen är över."))
        self.set_x(-40)
        self.cell(0, 6, str(self.page_no()), align="R")

    def begin(self, title: str, sub: str) -> None:
        """A sheet of its own, with whose it is and when it was made."""
        paper = self._paper
        self.add_page()
        self.set_font(_TEXT, "B", 20)
        self.cell(0, 10, title, new_x="LMARGIN", new_y="NEXT")
        self.set_font(_FIGURES, size=11)
        made = self._say("Utskriven %(day)s %(time)s") % {
            "day": short_day_text(paper.made_at, paper.language, paper.zone),
            "time": paper.time(paper.made_at),
        }
        day = day_text(paper.day, paper.language, paper.zone)
        for text in (sub, f"{day} · {paper.group} · {paper.municipality}", made):
            if text:
                self.cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
        self.ln(3)

    def words(self, text: str) -> None:
        self.set_font(_TEXT, size=11)
        self.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")

    def worker(self, sheet: WorkerSheet) -> None:
        if sheet.worker is None:
            self.begin(self._say("Utan personal"), self._say("Någon behöver ta de här."))
        else:
            self.begin(sheet.worker.staff.name, self._hours(sheet.worker))
        own = sheet.worker.staff.id if sheet.worker else None
        rows = [
            (*self._when(row), row.client.short_name, self._what(row, own), _box(row)) for row in sheet.rows
        ]
        head = [self._say(word) for word in ("Tid", "Min", "Brukare", "Vad", "Klar")]
        self._table(head, rows, (14, 11, 34, 104, 17))
        self.ln(4)
        homes = [(one.client.short_name, self._home(one), self._phones(one)) for one in sheet.homes]
        head = [self._say(word) for word in ("Brukare", "Hemma", "Telefon")]
        self._table(head, homes, (34, 86, 60))

    def home(self, home: Home) -> None:
        self.begin(home.client.short_name, "")
        self.words("\n".join(one for one in (self._home(home), self._phones(home)) if one))
        self.ln(3)
        rows = [(*self._when(row), self._what(row), self._who(row), _box(row)) for row in home.rows]
        head = [self._say(word) for word in ("Tid", "Min", "Vad", "Vem kommer", "Klar")]
        self._table(head, rows, (14, 11, 96, 42, 17))

    def calls(self) -> None:
        self.begin(self._say("Ringlista"), self._say("När telefon är det enda som fungerar"))
        staff = [(one.name, self._hours(worker), one.phone or "") for one, worker in self._paper.sheets.staff]
        if staff:
            head = [self._say(word) for word in ("Namn", "Arbetar", "Telefon")]
            self._table(head, staff, (70, 50, 60))
            self.ln(4)
        homes = [
            (
                home.client.short_name,
                self._phones(home) or self._home(home),
                ", ".join(self._paper.time(row.contact.start) for row in home.rows),
            )
            for home in self._paper.sheets.homes
        ]
        head = [self._say(word) for word in ("Brukare", "Telefon, kontaktpersoner", "I dag")]
        self._table(head, homes, (40, 90, 50))

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: tuple[int, ...]) -> None:
        """A table with its head on every page, its rows kept together but for those no sheet can hold."""
        self.set_font(_TEXT, size=11)
        bold, figures = FontFace(emphasis="BOLD"), FontFace(family=_FIGURES)
        with self.table(
            col_widths=widths, borders_layout="HORIZONTAL_LINES", line_height=_LINE, text_align="LEFT",
            headings_style=bold, padding=1,
        ) as table:  # fmt: skip
            for cells in (head, *(part for row in rows for part in self._parts(row, widths))):
                row = table.row()
                for text in cells:
                    # Times and numbers begin with a figure: those have a typeface of their own.
                    row.cell(text, style=figures if text[:1].isdigit() else None)

    def _parts(self, cells: Sequence[str], widths: tuple[int, ...]) -> Sequence[Sequence[str]]:
        """The row itself, or the rows that it becomes when it is higher than a sheet."""
        if sum(len(text) for text in cells) < _MOST_LINES and not any("\n" in text for text in cells):
            return [cells]
        columns = [self._lines(text, width) for text, width in zip(cells, widths, strict=True)]
        longest = max(len(lines) for lines in columns)
        if longest <= _MOST_LINES:
            return [cells]
        return [
            ["\n".join(lines[first : first + _MOST_LINES]) for lines in columns]
            for first in range(0, longest, _MOST_LINES)
        ]

    def _lines(self, text: str, width: int) -> list[str]:
        """The text as it is broken in a cell that is so many millimetres wide."""
        lines = self.multi_cell(width - 2, _LINE, text, dry_run=True, output=MethodReturnValue.LINES)
        return cast(list[str], lines)

    def _when(self, row: PlanRow) -> tuple[str, str]:
        return self._paper.time(row.contact.start), str(row.contact.minutes)

    def _what(self, row: PlanRow, own: object = None) -> str:
        words = [self._say(_CHANNELS[row.contact.channel.value]), row.what]
        if row.contact.priority.value == "P1":
            words.append("P1")
        if own is not None:
            words += [
                self._say("med %(name)s") % {"name": one.short_name} for one in row.staff if one.id != own
            ]
        return " · ".join(words) + (f"\n{row.contact.note}" if row.contact.note else "")

    def _who(self, row: PlanRow) -> str:
        names = ", ".join(one.short_name for one in row.staff) or "–"
        return f"{names} · {self._say('någon saknas')}" if row.missing else names

    def _hours(self, worker: WorkerDay) -> str:
        time = self._paper.time
        spans = [f"{time(one.start)}–{time(one.end)}" for one in worker.shifts]
        return ", ".join(dict.fromkeys(spans))

    def _home(self, home: Home) -> str:
        """As the page says it: of a protected identity nothing that tells where."""
        client, say = home.client, self._say
        if client.is_protected:
            lines = [say("Skyddade uppgifter. Fråga enhetschefen.")]
        else:
            floor = say("våning %(floor)s") % {"floor": client.floor} if client.floor is not None else ""
            door = say("Digitalt lås") if client.has_digital_lock else say("Nyckel")
            lines = [
                ", ".join(one for one in (home.address, floor) if one),
                f"{door}: {home.door}" if home.door else door,
            ]
        if home.spoken:
            lines.append(f"{say('Språk:')} {home.spoken}")
        if client.has_hearing_aid:
            lines.append(say("Har hörapparat"))
        if client.choking_risk:
            lines.append(say("Risk att sätta i halsen"))
        if not client.has_mobile_cover:
            lines.append(say("Mobilen når inte fram här"))
        return "\n".join(one for one in lines if one)

    def _phones(self, home: Home) -> str:
        own = [home.phone] if home.phone else []
        return "\n".join(own + [f"{one.name} ({one.relation}) {one.phone}" for one in home.persons])


def _box(row: PlanRow) -> str:
    """Ticked when it is done; otherwise a box for a pen."""
    return "[x]" if row.contact.status.is_done else "[  ]"
