"""Retention as a server does it: which folder, which keys, and one run at a time beside the requests."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from care.clock import Clock
from care.errors import Fault
from care.identity.vault import open_vault
from care.retention.carrying_out import carry_out
from care.retention.run import RetentionRun
from care.storage.database import Database
from server.background import ended
from server.configuration import Configuration

log = logging.getLogger("samtid.retention")
#: The folder of archive files, in the data folder.
ARCHIVE = "archive"


async def carry_out_here(
    configuration: Configuration, database: Database, clock: Clock, run_id: UUID
) -> RetentionRun:
    """Carry out an approved run with this installation's folder and keys. Faults as `carry_out`."""
    return await carry_out(
        database,
        clock,
        run_id,
        configuration.data / ARCHIVE,
        lambda sealed, about: open_vault(configuration.vault_file).unseal(sealed, about=str(about)),
    )


class Carrying:
    """Carries out one run at a time; what is interrupted is begun again from the page."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        #: The run under way.
        self.run_id: UUID | None = None

    @property
    def is_busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def begin(self, configuration: Configuration, database: Database, clock: Clock, run_id: UUID) -> None:
        """Begin, unless something is under way already."""
        if not self.is_busy:
            self.run_id = run_id
            self._task = asyncio.create_task(self._carry(configuration, database, clock, run_id))

    async def _carry(
        self, configuration: Configuration, database: Database, clock: Clock, run_id: UUID
    ) -> None:
        try:
            await carry_out_here(configuration, database, clock, run_id)
        except Fault as fault:
            # Somebody carries it out already, or has: the page shows how it goes.
            log.warning("retention run was not begun: %s", fault.code)
        except Exception:
            # The run stays approved: the page says that it is not finished, and lets it be begun again.
            log.exception("retention run was interrupted")

    async def settled(self) -> None:
        """Until nothing is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        await ended(self._task)
