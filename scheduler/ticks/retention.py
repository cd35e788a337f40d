"""*retention*: what was only to be kept for a short time is removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import delete, or_, select
from sqlalchemy.engine import CursorResult

from care.accounts import SignIn
from care.alerts import Alert
from care.calls.call import Call, CallQuality
from care.clock import Clock
from care.device_history import KEPT as DEVICE_HISTORY_KEPT
from care.device_history import DeviceEvent
from care.devices import Pairing
from care.outbox import OutboxEvent
from care.path_tests import PathTest
from care.pulse import ClientPulseAsked, StaffPulseAsked
from care.storage.database import Database

#: Invitations that were never used.
PAIRING_KEPT = timedelta(days=1)
#: Sessions that have ended: long enough to look into a misuse.
SIGN_IN_KEPT = timedelta(days=30)
#: How well calls went over the network: long enough to mend what is wrong (domain L20).
CALL_QUALITY_KEPT = timedelta(days=90)
#: Messages to closed phones: as long as somebody may ask who was told.
ALERT_KEPT = timedelta(days=90)
#: Facts that every node has read long ago.
OUTBOX_KEPT = timedelta(days=7)


async def retention(database: Database, clock: Clock) -> int:
    """Remove what is too old; how many rows."""
    now, today = clock.now(), clock.today()
    removals = (
        # That somebody was asked is needed for the same day only ("at most once a day").
        delete(ClientPulseAsked).where(ClientPulseAsked.date < today),
        delete(StaffPulseAsked).where(StaffPulseAsked.date < today),
        delete(Pairing).where(Pairing.used_at.is_(None), Pairing.expires_at < now - PAIRING_KEPT),
        delete(SignIn).where(
            or_(SignIn.expires_at < now - SIGN_IN_KEPT, SignIn.revoked_at < now - SIGN_IN_KEPT)
        ),
        delete(CallQuality).where(
            CallQuality.call_id.in_(select(Call.id).where(Call.rung_at < now - CALL_QUALITY_KEPT))
        ),
        delete(DeviceEvent).where(DeviceEvent.at < now - DEVICE_HISTORY_KEPT),
        delete(PathTest).where(PathTest.asked_at < now - DEVICE_HISTORY_KEPT),
        delete(Alert).where(Alert.made_at < now - ALERT_KEPT),
        delete(OutboxEvent).where(OutboxEvent.at < now - OUTBOX_KEPT),
    )
    count = 0
    for removal in removals:
        async with database.write() as session:
            done = await session.execute(removal.execution_options(synchronize_session=False))
            count += cast("CursorResult[Any]", done).rowcount
    return count
