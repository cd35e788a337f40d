"""The week in sentences under the three headings. Counts only: never anybody's name."""

from __future__ import annotations

from gettext import NullTranslations

from care.checkin.week import Week
from care.disruptions import ChangeKind
from care.gatherings import Heading
from care.measures.hiding import Share
from server.pages.plan.disruption_words import KINDS


def agenda(week: Week, goals: dict[str, str], words: NullTranslations) -> dict[Heading, list[str]]:
    """What the check-in begins with; `goals` maps goal types to their names."""
    return {
        Heading.OBSTACLES: _obstacles(week, words),
        Heading.REPLANNING: _replanning(week, words),
        Heading.LESSONS: _lessons(week, goals, words),
    }


def _obstacles(week: Week, words: NullTranslations) -> list[str]:
    lines = [
        words.gettext("%(what)s: %(count)s gånger.")
        % {"what": words.gettext(KINDS[kind].name), "count": count}
        if count > 1
        else words.gettext("%(what)s: en gång.") % {"what": words.gettext(KINDS[kind].name)}
        for kind, count in week.disruptions.most_common()
    ]
    if week.missed:
        lines.append(
            words.ngettext("%(num)s kontakt blev inte av.", "%(num)s kontakter blev inte av.", week.missed)
            % {"num": week.missed}
        )
    if week.unresolved:
        lines.append(
            words.ngettext(
                "%(num)s kontakt väntar fortfarande på besked.",
                "%(num)s kontakter väntar fortfarande på besked.",
                week.unresolved,
            )
            % {"num": week.unresolved}
        )
    if week.declined:
        lines.append(
            words.ngettext(
                "%(num)s kontakt ville brukaren inte ha.",
                "%(num)s kontakter ville brukarna inte ha.",
                week.declined,
            )
            % {"num": week.declined}
        )
    return lines or [words.gettext("Inga hinder är rapporterade den här veckan.")]


def _replanning(week: Week, words: NullTranslations) -> list[str]:
    moved, given = week.changes[ChangeKind.MOVE], week.changes[ChangeKind.REASSIGN]
    later = week.changes[ChangeKind.POSTPONE]
    told = (
        (moved, words.ngettext("%(num)s kontakt bytte kanal.", "%(num)s kontakter bytte kanal.", moved)),
        (
            given,
            words.ngettext(
                "%(num)s kontakt fick annan personal.", "%(num)s kontakter fick annan personal.", given
            ),
        ),
        (
            later,
            words.ngettext("%(num)s kontakt fick annan dag.", "%(num)s kontakter fick annan dag.", later),
        ),
        (
            week.undone,
            words.ngettext("%(num)s ändring ångrades.", "%(num)s ändringar ångrades.", week.undone),
        ),
    )
    lines = [sentence % {"num": count} for count, sentence in told if count]
    return lines or [words.gettext("Planen höll utan omplanering.")]


def _lessons(week: Week, goals: dict[str, str], words: NullTranslations) -> list[str]:
    lines = []
    if not week.same_day.is_small:
        lines.append(words.gettext("%(share)s gjordes samma dag.") % {"share": _percent(week.same_day)})
    for goal, count in sorted(week.unreceipted.items(), key=lambda item: -item[1])[:3]:
        lines.append(
            words.ngettext(
                "%(goal)s: %(num)s kontakt utan kvittens.",
                "%(goal)s: %(num)s kontakter utan kvittens.",
                count,
            )
            % {"goal": goals.get(goal, goal), "num": count}
        )
    if not week.reached.is_small:
        lines.append(
            words.gettext("%(share)s av målen i kvittenserna är uppnådda.")
            % {"share": _percent(week.reached)}
        )
    if not week.client_pulse.is_small:
        lines.append(
            words.gettext("%(share)s av brukarna var nöjda.") % {"share": _percent(week.client_pulse)}
        )
    if not week.staff_pulse.is_small:
        lines.append(words.gettext("%(share)s hann enligt plan.") % {"share": _percent(week.staff_pulse)})
    return lines


def _percent(share: Share) -> str:
    return f"{round((share.value or 0) * 100)} %"
