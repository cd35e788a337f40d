"""The town's frame as rows: municipality, groups, teams, legs, services, staff and delegations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from care.demo.catalogue import CATALOGUE, GOALS
from care.demo.places import AREAS, CODE, LEGS, NAME, NIGHT, NIGHT_CARS, PHONE, SOURCE, TEXT
from care.demo.town import Town
from care.municipality import GovernanceMode
from care.staff import Title, Travel

Tables = dict[str, list[dict[str, Any]]]


def register(town: Town) -> Tables:
    """Rows by table, in the order in which they may be inserted."""
    return {
        "municipality": [
            {
                "id": town.municipality,
                "name": NAME,
                "code": CODE,
                "zone": "Europe/Stockholm",
                "governance_mode": GovernanceMode.FLEXIBLE,
                "is_demo": True,
                "demo_seed": town.seed,
                "demo_first_day": town.first_day,
                "settings": {"about": TEXT},
                "phone": PHONE,
            }
        ],
        "goal_type": [
            {"code": code, "name_sv": swedish, "name_en": english, "sort": sort}
            for sort, (code, swedish, english) in enumerate(GOALS)
        ],
        "home_care_group": _groups(town),
        "distance_leg": _legs(town),
        "small_team": [
            {"id": team_id, "group_id": town.groups[area], "name": f"{AREAS[area].name} {team + 1}"}
            for (area, team), team_id in town.teams.items()
        ],
        "service": _services(town),
        "staff": _staff(town),
        "delegation": _delegations(town),
    }


def _groups(town: Town) -> list[dict[str, Any]]:
    rows = []
    for area, group_id in enumerate(town.groups):
        frame = AREAS[area] if area < len(AREAS) else None
        centre = (frame or AREAS[0]).centre
        rows.append(
            {
                "id": group_id,
                "municipality_id": town.municipality,
                "name": frame.name if frame else NIGHT,
                "provider": NAME,
                "latitude": centre.latitude,
                "longitude": centre.longitude,
                "is_night_patrol": frame is None,
                "cars": frame.cars if frame else NIGHT_CARS,
                "phone": f"0980-31 92 {10 + area:02d}",
                "source": SOURCE,
                "extern_id": f"G{area}",
            }
        )
    return rows


def _legs(town: Town) -> list[dict[str, Any]]:
    rows = []
    for a, b, kilometres, minutes in LEGS:
        for start, end in ((a, b), (b, a)):
            rows.append(
                {
                    "id": town.made("leg", start, end),
                    "from_group_id": town.groups[start],
                    "to_group_id": town.groups[end],
                    "kilometres": kilometres,
                    "minutes": minutes,
                    "source": "estimate",
                }
            )
    return rows


def _services(town: Town) -> list[dict[str, Any]]:
    return [
        {
            "id": town.services[entry.code],
            "municipality_id": town.municipality,
            "code": entry.code,
            "name_sv": entry.name_sv,
            "name_en": entry.name_en,
            "law": entry.law,
            "cluster": entry.cluster,
            "standard_minutes": entry.minutes,
            "video_minutes": entry.video_minutes,
            "window_before": entry.window,
            "window_after": entry.window,
            "goal_type": entry.goal,
            "digital_class": entry.digital,
            "priority": entry.priority,
            "delegation_required": entry.delegated,
            "kiosk_word": entry.word,
            "active": True,
            "source": SOURCE,
            "extern_id": entry.code,
        }
        for entry in CATALOGUE
    ]


def _staff(town: Town) -> list[dict[str, Any]]:
    return [
        {
            "id": worker.id,
            "first_name": worker.first,
            "last_name": worker.last,
            "title": worker.title,
            "group_id": town.groups[worker.area],
            "small_team_id": town.teams[worker.area, worker.team] if worker.team is not None else None,
            "languages": list(worker.languages),
            "skills": list(worker.skills),
            "may_video": worker.may_video,
            "travels_by": Travel.CAR,
            "phone": worker.phone,
            "portrait": worker.portrait,
            "hsa_id": None,
            "is_substitute": worker.substitute,
            "active": True,
            "source": SOURCE,
            "extern_id": f"P{worker.no:03d}",
        }
        for worker in town.workers
    ]


def _delegations(town: Town) -> list[dict[str, Any]]:
    """Given by the group's nurse for a year; renewed when they near their end (see `catching_up`)."""
    nurses = [worker for worker in town.workers if worker.title is Title.NURSE]
    rows = []
    for worker in town.workers:
        if worker.delegated:
            given = town.first_day - timedelta(days=70 + worker.no % 200)
            mine = [nurse for nurse in nurses if nurse.area == worker.area] or nurses
            rows.append(
                {
                    "id": town.made("delegation", worker.no),
                    "staff_id": worker.id,
                    "kind": "medication",
                    "given_by_id": mine[worker.no % len(mine)].id,
                    "valid_from": given,
                    "valid_to": given + timedelta(days=364),
                }
            )
    return rows
