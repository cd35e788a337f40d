"""One client, found by the address and opened for a change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.errors import not_found
from care.ids import read_id
from server.keys import DATABASE
from server.pages.needs.onward import link
from server.security.gate import allow


async def find_client(session: AsyncSession, request: web.Request) -> Client:
    """The client of the address. Raises `Fault` ``not_found``; whether it may be opened is not asked here."""
    client_id = read_id(request.match_info["id"])
    client = await session.get(Client, client_id) if client_id is not None else None
    if client is None:
        raise not_found("person")
    return client


@asynccontextmanager
async def changing(
    request: web.Request, action: Action, thing: str
) -> AsyncIterator[tuple[AsyncSession, Client]]:
    """The client, allowed and locked, in a transaction that ends with the block."""
    async with request.app[DATABASE].write() as session:
        client = await find_client(session, request)
        await allow(request, session, action, client=client, thing=thing)
        await session.refresh(client, with_for_update=True)
        yield session, client


def page_of(request: web.Request, client: Client, part: str = "") -> str:
    """The address of the client's page, at one of its parts."""
    return (link(request, "client", id=client.id) or "/") + (f"#{part}" if part else "")
