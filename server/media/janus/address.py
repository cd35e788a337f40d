"""Where a Janus node is reached: a setting, and what must hold for it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from care.errors import Fault


class NodeAddress(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One Janus that carries rooms."""

    url: str
    #: What stands as api_secret, admin_secret and admin_key in its configuration.
    secret: str
    #: Its second websocket, which tells what was counted; empty: it is not asked for figures.
    admin_url: str = ""
    #: How many people it carries at once.
    most_people: Annotated[int, Meta(ge=3, le=5000)] = 150


def check_nodes(nodes: Sequence[NodeAddress]) -> None:
    """At least one, each with a websocket's address of its own and a secret. Raises `Fault`."""
    if not nodes:
        raise Fault(
            "configuration.media_nodes",
            'Med engine = "janus" under [media] behövs minst en nod under [[media.nodes]].',
            place="media.nodes",
        )
    seen: set[str] = set()
    for at, node in enumerate(nodes):
        for name, url in (("url", node.url), ("admin_url", node.admin_url)):
            if (url or name == "url") and not _is_websocket(url):
                raise Fault(
                    "configuration.media_node",
                    "Inställningen %(name)s under [[media.nodes]] ska vara en adress som börjar med wss "
                    "eller ws, utan lösenord i.",
                    place=f"media.nodes[{at}].{name}",
                    values={"name": name},
                )
        if len(node.secret) < 16 or node.url in seen:
            raise Fault(
                "configuration.media_node_secret",
                "Varje nod under [[media.nodes]] ska stå en gång, med en hemlighet på minst 16 tecken.",
                place=f"media.nodes[{at}]",
            )
        seen.add(node.url)


def is_private(url: str) -> bool:
    """Encrypted, or to an address that is not on the internet. A name may be anywhere."""
    parts = urlsplit(url)
    if parts.scheme == "wss" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_private
    except ValueError:
        return False


def _is_websocket(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
