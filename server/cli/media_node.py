"""``samtid media-node``: the configuration of a Janus that carries rooms."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from pathlib import Path

import click
import msgspec

from care.errors import Fault
from server.cli.ground import Ground, grounded
from server.language import N_
from server.media.janus import folder as node
from server.media.janus.folder import NodeSettings, Turn

_PORT = click.IntRange(1024, 65535)
_SAYS = N_(
    """Inställningarna står i %(folder)s. Starta noden med:

    janus -F %(folder)s -C %(folder)s/janus.jcfg

Skriv detta i samtid.toml på servern:
"""
)


@click.command(short_help="Write the configuration of a Janus node.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--listen", default="127.0.0.1", help="Private address that the server reaches.")
@click.option("--port", type=_PORT, default=8188, help="Port of the server's websocket.")
@click.option("--admin-port", type=_PORT, default=7188, help="Port of the websocket for figures.")
@click.option(
    "--address", "addresses", multiple=True, required=True, help="Own address for picture and sound."
)
@click.option("--public", multiple=True, help="Address that browsers see, when a router translates.")
@click.option("--ports", type=(_PORT, _PORT), default=(20000, 20999), help="Lowest and highest UDP port.")
@click.option("--allow", "allowed", multiple=True, help="Address of a server that may connect.")
@click.option("--certificate", default="", help="Certificate (PEM), for wss.")
@click.option("--certificate-key", default="", help="Its key (PEM).")
@click.option("--turn", help="host:port of a TURN server that the node itself needs.")
@click.option("--turn-user", default="")
@click.option("--turn-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@grounded
def command(  # noqa: PLR0917
    ground: Ground,
    folder: Path,
    listen: str,
    port: int,
    admin_port: int,
    addresses: tuple[str, ...],
    public: tuple[str, ...],
    ports: tuple[int, int],
    allowed: tuple[str, ...],
    certificate: str,
    certificate_key: str,
    turn: str | None,
    turn_user: str,
    turn_password_file: Path | None,
) -> None:
    """Write the configuration of a Janus node into FOLDER; say what samtid.toml needs."""
    installed = node.programs()
    if installed is None:
        raise Fault("media_node.missing", "Janus finns inte på den här datorn. Installera paketet janus.")
    for one in (listen, *addresses, *public):
        _check_address(one)
    if ports[1] - ports[0] < 100:
        raise Fault(
            "media_node.ports",
            "En nod behöver minst hundra UDP-portar: två för varje person.",
            place="--ports",
        )
    settings = NodeSettings(
        secret=secrets.token_urlsafe(32),
        listen=listen,
        port=port,
        admin_port=admin_port,
        addresses=addresses,
        public=public,
        ports=ports,
        allowed=allowed,
        certificate=certificate,
        certificate_key=certificate_key,
        turn=_turn(turn, turn_user, turn_password_file),
    )
    node.write(folder.resolve(), settings, installed)
    scheme, host = "wss" if certificate else "ws", f"[{listen}]" if ":" in listen else listen
    told = {
        "url": f"{scheme}://{host}:{port}",
        "admin_url": f"{scheme}://{host}:{admin_port}",
        "secret": settings.secret,
    }
    lines = ["[media]", 'engine = "janus"', "", "[[media.nodes]]"]
    lines += [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in told.items()]
    shown = ground.say(_SAYS, folder=folder.resolve()) + "\n" + "\n".join(lines)
    ground.give({"folder": str(folder.resolve()), "node": told}, shown)


def _check_address(address: str) -> None:
    try:
        ip_address(address)
    except ValueError:
        raise Fault(
            "media_node.address",
            "”%(address)s” är ingen IP-adress.",
            place="--address",
            values={"address": address[:60]},
        ) from None


def _turn(where: str | None, user: str, password: Path | None) -> Turn | None:
    if where is None:
        return None
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit() or password is None or not user:
        raise Fault(
            "media_node.turn",
            "TURN-servern anges som namn:port, med --turn-user och --turn-password-file.",
            place="--turn",
        )
    first = password.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    return Turn(server=host, port=int(port), user=user, password=first)
