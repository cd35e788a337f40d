"""``samtid migrate``: the tables of this version."""

from __future__ import annotations

import click

from care.storage.migrations import current, head, migrate
from server.cli.ground import Ground, grounded, open_folder


@click.command(short_help="Bring the database up to date.")
@grounded
async def command(ground: Ground) -> None:
    """Make the database, or bring it to the tables of this version; nothing happens when it is there."""
    open_folder(ground.configuration.data)
    url = ground.configuration.database_url
    before = await current(url)
    await migrate(url)
    if before == head():
        shown = ground.say("Databasen var redan i ordning.")
    else:
        shown = ground.say("Databasen är i ordning (%(version)s).", version=head())
    ground.give({"before": before, "now": head()}, shown)
