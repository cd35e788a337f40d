"""How far it is between the homes of clients, as minutes by road."""

from __future__ import annotations

from care.clients import Client
from care.municipality import Group
from scheduler.travel import Place, minutes_between


def home(client: Client) -> Place:
    """Where the client lives. Homes of one group lie in one area."""
    return Place(
        str(client.id),
        hash(client.group_id),
        client.latitude,
        client.longitude,
        client.centre_minutes,
        client.building,
    )


def centre(group: Group) -> Place:
    """Where the group's shifts begin."""
    return Place(str(group.id), hash(group.id), group.latitude, group.longitude, 0.0)


def minutes(a: Client, b: Client) -> int:
    """Whole minutes from one home to the other."""
    return minutes_between(home(a), home(b))
