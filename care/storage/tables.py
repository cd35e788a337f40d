"""Every table, imported in one place, so that metadata is whole for migrations and tests."""

from care import (
    accounts,
    alerts,
    approved,
    carried,
    clients,
    consent,
    device_history,
    devices,
    disruptions,
    factors,
    gatherings,
    handovers,
    imports,
    kiosk,
    municipality,
    notices,
    outbox,
    path_tests,
    programs,
    pulse,
    receipts,
    services,
    staff,
    suitability,
    tasks,
    ticks,
)
from care.access import chain, emergency, log, sample
from care.calls import call
from care.contacts import contact, rule
from care.guests import invitation
from care.no_answer import case
from care.retention import run as retention
from care.storage.columns import Base

metadata = Base.metadata

__all__ = [
    "accounts",
    "alerts",
    "approved",
    "call",
    "carried",
    "case",
    "chain",
    "clients",
    "consent",
    "contact",
    "device_history",
    "devices",
    "disruptions",
    "emergency",
    "factors",
    "gatherings",
    "handovers",
    "imports",
    "invitation",
    "kiosk",
    "log",
    "metadata",
    "municipality",
    "notices",
    "outbox",
    "path_tests",
    "programs",
    "pulse",
    "receipts",
    "retention",
    "rule",
    "sample",
    "services",
    "staff",
    "suitability",
    "tasks",
    "ticks",
]
