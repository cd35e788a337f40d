"""Who reads a file in or takes one out on a page, for history and access log."""

from __future__ import annotations

from aiohttp import web

from care.access.rights import Relation
from care.identity.vault import open_vault
from server.exchange.intake.importer import Importer
from server.exchange.intake.reach import reach_of
from server.keys import CLOCK, CONFIGURATION
from server.security.actor import actor


def exchanger(request: web.Request, *, source: str, relation: Relation, purpose: str, where: str) -> Importer:
    """The actor of the request, here and now; the vault is opened only when a number is needed."""
    app, who = request.app, actor(request)
    return Importer(
        source=source,
        now=app[CLOCK].now(),
        today=app[CLOCK].today(),
        zone=app[CLOCK].zone,
        open_vault=lambda: open_vault(app[CONFIGURATION].vault_file),
        account_id=who.account_id,
        role=",".join(sorted({held.role.value for held in who.roles})),
        relation=relation,
        purpose=purpose,
        where=where,
        reach=reach_of(who),
    )
