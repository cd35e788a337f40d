"""What a plan's shortcomings cost: the one place where wishes are weighed against each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """Costs in *points*; ten points are worth one minute of travel. All are integers, so that plans compare
    exactly.

    The defaults keep this order of wishes: first everything hands-on (P1 first of all), then known staff and
    promised windows with as few changes as possible; a moved contact goes to video before phone and to phone
    before another day. Hard rules have no weight: they are never traded (see ``checker``).

    Attributes
    ----------
    travel_minute
        Points for each minute on the road.
    late_minute
        Points for each minute a start lies after the latest start of a soft window.
    moved
        Points, once, for a start more than ``moved_after`` minutes from the current one.
    moved_minute
        Points for each minute between the current and the new start; small, it keeps rows still.
    moved_after
        Minutes a start may move before the client has to be told.
    staff_change
        Points for each person of the current assignment who no longer comes.
    unfamiliar
        Points for each assigned person whom the client does not know.
    known_step
        Points for each step down the client's list of known staff.
    to_video, to_phone, to_physical
        Points for a contact that changes to this mode from another.
    overtime_minute
        Points for each minute after the end of the shift.
    postpone_p3, postpone_p4
        Points for another day (P1 and P2 can never be postponed).
    unserved_p1, unserved_p2, unserved_p3, unserved_p4
        Points for a contact left without any solution, times the contact's own ``weight``.
    """

    travel_minute: int = 10
    late_minute: int = 50
    moved: int = 50
    moved_minute: int = 1
    moved_after: int = 15
    staff_change: int = 120
    unfamiliar: int = 200
    known_step: int = 10
    to_video: int = 60
    to_phone: int = 140
    to_physical: int = 60
    overtime_minute: int = 80
    postpone_p3: int = 2500
    postpone_p4: int = 1500
    unserved_p1: int = 40_000
    unserved_p2: int = 15_000
    unserved_p3: int = 6_000
    unserved_p4: int = 4_000

    def postponed(self, priority: int) -> int:
        """Points for postponing a contact of this priority (3 or 4)."""
        return self.postpone_p3 if priority <= 3 else self.postpone_p4

    def unserved(self, priority: int) -> int:
        """Points for not serving a contact of this priority (1 to 4) with weight 1."""
        return (self.unserved_p1, self.unserved_p2, self.unserved_p3, self.unserved_p4)[priority - 1]

    def mode_change(self, mode: int) -> int:
        """Points for changing to this mode (0 physical, 1 video, 2 phone)."""
        return (self.to_physical, self.to_video, self.to_phone)[mode]
