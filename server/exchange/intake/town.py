"""The municipality that a file is imported into, and its groups by name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault
from care.ids import new_id
from care.municipality import Group, Municipality
from server.exchange.intake.changes import Changes
from server.exchange.intake.importer import Importer
from server.exchange.intake.reach import Reach
from server.exchange.values import plain


@dataclass(slots=True)
class Town:
    """The municipality and the groups that it has, or will have when the import is done."""

    municipality_id: UUID
    is_demo: bool
    groups: dict[str, UUID]
    reach: Reach

    def group(self, name: str, line: int, changes: Changes) -> UUID:
        """The group of that name; a new name makes a new group, with a warning where it first stands."""
        found = self.groups.get(plain(name))
        if found is not None:
            return found
        group_id = self.groups[plain(name)] = new_id()
        changes.insert(Group, id=group_id, municipality_id=self.municipality_id, name=name)
        changes.warn(
            line,
            "grupp",
            "import.new_group",
            "Gruppen ”%(group)s” finns inte än och läggs till. Är den felstavad?",
            group=name,
        )
        return group_id

    def admits(
        self,
        name: str,
        line: int,
        changes: Changes,
        *,
        now_in: UUID | None = None,
        client_id: UUID | None = None,
    ) -> bool:
        """Whether the importer may put somebody into the group of that name, out of the one they are in now.

        What may not be is refused on `line`, at the column that says it.
        """
        if now_in is not None and not self.reach.covers(now_in):
            changes.deny(line, "extern_id", now_in, client_id)
            return False
        wanted = self.groups.get(plain(name))
        if self.reach.covers(wanted):
            return True
        changes.deny(line, "grupp", wanted, client_id)
        return False

    def check_new_people(self) -> None:
        """Real people never share a database with invented ones.

        Raises `Fault` ``import.demo`` (409) in a demo: nobody may be added there.
        """
        if self.is_demo:
            raise Fault(
                "import.demo",
                "Det här är en demo med påhittade personer. Riktiga personer får aldrig importeras hit. "
                "Gör en egen databas med ”samtid migrate --data MAPP”.",
                status=409,
            )


async def town_of(session: AsyncSession, importer: Importer, changes: Changes) -> Town:
    """The municipality in the database; in a new one, the one that the importer names.

    Raises `Fault` ``municipality.missing`` when nobody has said which it is.
    """
    municipality = await session.scalar(select(Municipality).limit(1))
    if municipality is None and importer.municipality:
        municipality = Municipality(id=new_id(), name=importer.municipality, is_demo=False)
        changes.insert(Municipality, id=municipality.id, name=municipality.name)
    if municipality is None:
        raise Fault(
            "municipality.missing",
            "Databasen är ny. Säg vilken kommun det gäller med --municipality.",
            place="--municipality",
        )
    names = {row[0]: row[1] for row in await session.execute(select(Group.id, Group.name))}
    groups = {plain(name): group_id for group_id, name in names.items()}
    return Town(municipality.id, municipality.is_demo, groups, importer.reach)
