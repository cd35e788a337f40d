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
from care.retention import run as retention
from care.storage.columns import Base
from care.guests import invitation

metadata = Base.metadata

__all__ = [
    "accounts",
    "alerts",
    "call",
    "carried",
    "approved",
    "chain",
    "clients",
    "consent",
    "contact",
    "devices",
    "disruptions",
    "device_history",
    "emergency",
    "factors",
    "gatherings",
    "handovers",
    "imports",
    "kiosk",
    "log",
    "metadata",
    "municipality",
    "invitation",
    "notices",
    "outbox",
    "programs",
    "pulse",
    "path_tests",
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
