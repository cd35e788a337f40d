"""What a single contact's placement costs, apart from the roads."""

from __future__ import annotations

from scheduler.planner.problem import Contact, Mode, Placement
from scheduler.planner.weights import Weights

ContactParts = tuple[int, int, int, int, int, int, int]
"""Points for unserved, postponed, lateness, staff change, unfamiliar staff, mode change, moved start."""


def contact_parts(contact: Contact, placement: Placement, weights: Weights) -> ContactParts:
    """Parts of the cost of one contact placed so, in points."""
    if placement.mode is Mode.UNSERVED:
        return (weights.unserved(contact.priority) * contact.weight, 0, 0, 0, 0, 0, 0)
    if placement.mode is Mode.POSTPONED:
        return (0, weights.postponed(contact.priority), 0, 0, 0, 0, 0)
    start = placement.begin
    late = max(0, start - contact.latest) * weights.late_minute
    unfamiliar = sum(familiarity(contact, worker, weights) for worker in placement.staff)
    current = contact.current
    if current is None or current.start is None:
        return (0, 0, late, 0, unfamiliar, 0, 0)
    changes = sum(worker not in placement.staff for worker in current.staff)
    if placement.mode is not Mode.PHYSICAL and len(current.staff) > 1:
        changes -= len(current.staff) - 1  # a call takes one: the other is not replaced, only freed
    mode = weights.mode_change(placement.mode) if placement.mode is not current.mode else 0
    distance = abs(start - current.start)
    moved = distance * weights.moved_minute + (weights.moved if distance > weights.moved_after else 0)
    return (0, 0, late, max(0, changes) * weights.staff_change, unfamiliar, mode, moved)


def contact_cost(contact: Contact, placement: Placement, weights: Weights) -> int:
    """Sum of :func:`contact_parts`."""
    return sum(contact_parts(contact, placement, weights))


def familiarity(contact: Contact, worker: int, weights: Weights) -> int:
    """Points for sending this worker: by place on the client's list, or as a stranger."""
    if not contact.known_staff:
        return 0
    if worker in contact.known_staff:
        return min(contact.known_staff.index(worker) * weights.known_step, weights.unfamiliar)
    return weights.unfamiliar
