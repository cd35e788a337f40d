"""A real, empty municipality and a short way to import into it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import StandingClock
from care.identity.vault import VAULT_FILE, open_vault
from care.storage.columns import Base
from care.storage.database import Database
from server.exchange.column_map import ColumnMap
from server.exchange.importing import Outcome, run_import
from server.exchange.intake.importer import OWN_FORMAT, Importer
from server.exchange.kind import Kind

SERVICES = """kod;namn;lag;minuter;måltyp;digital_klass;prioritet
PV-MOR;Morgonhjälp;SoL;15;personlig omvårdnad;hands_required;P1
TI-DAG;Tillsyn;SoL;15;lägeskoll;digital_possible;P2
SO-SAM;Samvaro;SoL;15;social samvaro;digital_first;P3
"""
STAFF = """extern_id;förnamn;efternamn;titel;grupp;delegering;video;språk
p1;Anna;Lind;undersköterska;Bräcke;ja;ja;svenska
p2;Bo;Ek;vårdbiträde;Bräcke;nej;ja;svenska, finska
"""
CLIENTS = """extern_id;förnamn;efternamn;personnummer;grupp;adress;latitud;longitud;telefon;språk;\
surfplatta;samtycke_video;skydd
b1;Ingrid;Berg;19400107-D001;Bräcke;Demovägen 4;62,75;15,417;070-174 06 58;svenska;nej;ja;
b2;Eva;Hemlig;19380502-D002;Bräcke;Dolda vägen 1;;;070-174 06 59;svenska;nej;nej;sekretessmarkering
"""
CONTACTS = """extern_id;brukare_id;datum;start;minuter;fönster_från;fönster_till;kanal;insatser;\
personal_id;personal_id_2
k1;b1;2026-12-01;07.30;30;07.00;08.30;fysisk;PV-MOR+TI-DAG;p1;
k2;b1;2026-12-01;14.30;15;;;video;SO-SAM;p2;
k3;b2;2026-12-02;08.00;15;;;;PV-MOR;p1;p2
"""


class Record:
    """A database and who imports into it."""

    def __init__(self, database: Database, folder: Path, clock: StandingClock) -> None:
        self.database = database
        self.folder = folder
        self.clock = clock

    def importer(self, source: str = OWN_FORMAT, **more: Any) -> Importer:
        return Importer(
            source=source,
            now=self.clock.now(),
            today=self.clock.today(),
            zone=self.clock.zone,
            open_vault=lambda: open_vault(self.folder / VAULT_FILE),
            municipality="Bräcke",
            **more,
        )

    async def take(
        self,
        kind: Kind,
        text: str | bytes,
        *,
        source: str = OWN_FORMAT,
        column_map: ColumnMap | None = None,
        **how: bool,
    ) -> Outcome:
        return await run_import(
            self.database,
            kind,
            text.encode() if isinstance(text, str) else text,
            f"{kind.value}.csv",
            self.importer(source),
            column_map=column_map or ColumnMap(),
            **how,
        )

    async def fill(self) -> None:
        """Services, staff, clients and contacts, as in a first week."""
        for kind, text in (
            (Kind.SERVICES, SERVICES),
            (Kind.STAFF, STAFF),
            (Kind.CLIENTS, CLIENTS),
            (Kind.CONTACTS, CONTACTS),
        ):
            outcome = await self.take(kind, text)
            assert [one.as_dict() for one in outcome.errors] == []
            assert outcome.applied

    async def all(self, table: type[Any], *where: Any) -> list[Any]:
        async with self.database.read() as session:
            keys = table.__table__.primary_key.columns
            return list(await session.scalars(select(table).where(*where).order_by(*keys)))

    async def one(self, table: type[Any], *where: Any) -> Any:
        (found,) = await self.all(table, *where)
        return found


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """Imported, updated, unchanged."""
    return outcome.imported, outcome.updated, outcome.unchanged


def told(outcome: Outcome) -> list[tuple[int, str | None, str]]:
    """Line, column and code of each error."""
    return [(one.line, one.column, one.code) for one in outcome.errors]


async def count_rows(session: AsyncSession) -> dict[str, int]:
    """How many rows each table has: a fingerprint of "nothing was changed"."""
    found = {}
    for table in Base.metadata.sorted_tables:
        found[table.name] = len((await session.execute(select(table))).all())
    return found


def local(text: str) -> datetime:
    """An instant from Swedish wall time."""
    return StandingClock(datetime.fromisoformat(text)).now()
