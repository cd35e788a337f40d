"""The configuration folder of a Janus that serves Samtid and nobody else.

Debian's package comes with demo rooms, published secrets and every plugin open to the network. Here there
is one plugin (rooms), one way in (a websocket on a private address), and one secret, without which nothing at
all can be asked. Files are readable by their owner alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

#: Where packages keep the plugins.
PROGRAMS = ("/usr/lib/*/janus", "/usr/lib/janus", "/usr/local/lib/janus", "/opt/janus/lib/janus")
_PLUGIN, _WAY = "libjanus_videoroom.so", "libjanus_websockets.so"

_MAIN = """\
general: {{
  configs_folder = {folder}
  plugins_folder = {plugins}
  transports_folder = {transports}
  events_folder = {events}
  loggers_folder = {loggers}
  server_name = "samtid"
  debug_level = 3
  debug_timestamps = true
  debug_colors = false
  # Without it nothing is answered.
  api_secret = {secret}
  admin_secret = {secret}
  # When the server is gone for longer than this, s, its calls end here too.
  session_timeout = 30
  hide_dependencies = true
}}
media: {{
  ipv6 = {ipv6}
  rtp_port_range = {ports}
  # Kept for those who ask again, ms: enough for a line to a home.
  min_nack_queue = 1000
  slowlink_threshold = 0
}}
nat: {{
  # Names that hide an address (.local) can only be looked up in the network where they were made.
  ignore_mdns = true
  ice_enforce_list = {addresses}
{nat}}}
plugins: {{ disable = {other_plugins} }}
transports: {{ disable = {other_ways} }}
loggers: {{ disable = {every_logger} }}
events: {{ broadcast = false }}
"""
_NAT = "  nat_1_1_mapping = {}\n  keep_private_host = false\n"
_TURN = "  turn_server = {}\n  turn_port = {}\n  turn_type = {}\n  turn_user = {}\n  turn_pwd = {}\n"
_WEBSOCKETS = """\
general: {{
  json = "compact"
  ws = {plain}
  ws_ip = {address}
  ws_port = {port}
  wss = {sealed}
  wss_ip = {address}
  wss_port = {port}
{allowed}}}
admin: {{
  admin_ws = {plain}
  admin_ws_ip = {address}
  admin_ws_port = {admin_port}
  admin_wss = {sealed}
  admin_wss_ip = {address}
  admin_wss_port = {admin_port}
{admin_allowed}}}
{certificates}"""
_ROOMS = """\
general: {{
  # Rooms are made by the server alone, and have names instead of numbers.
  admin_key = {secret}
  lock_rtp_forward = true
  string_ids = true
}}
"""


class Turn(Struct, frozen=True, kw_only=True):
    """A TURN server that Janus itself uses: only where it stands behind a firewall that lets nothing in."""

    server: str
    port: int = 3478
    transport: str = "udp"
    user: str
    password: str


class NodeSettings(Struct, frozen=True, kw_only=True):
    """What differs between nodes.

    `listen` is where the server reaches it, `addresses` where media goes (its own addresses or interfaces),
    `public` what browsers are told instead when a router translates between the two.
    """

    secret: str
    listen: str = "127.0.0.1"
    port: int = 8188
    admin_port: int = 7188
    addresses: Sequence[str]
    public: Sequence[str] = ()
    ports: tuple[int, int] = (20000, 20999)
    #: Addresses, or beginnings of addresses, that may connect; none means all.
    allowed: Sequence[str] = ()
    certificate: str = ""
    certificate_key: str = ""
    turn: Turn | None = None


def programs() -> Path | None:
    """The folder with Janus' plugins, where it is installed."""
    for pattern in PROGRAMS:
        found = sorted(Path("/").glob(pattern[1:]))
        if found:
            return found[0]
    return None


def write(folder: Path, settings: NodeSettings, installed: Path) -> None:
    """Write the three files into `folder`, which is made. Raises `ValueError` at what no file can say."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files(folder, settings, installed).items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")


def files(folder: Path, settings: NodeSettings, installed: Path) -> dict[str, str]:
    """The text of each file by its name."""
    given, turn = settings, settings.turn
    nat = _NAT.format(_text(",".join(given.public))) if given.public else ""
    if turn is not None:
        nat += _TURN.format(
            _text(turn.server), turn.port, _text(turn.transport), _text(turn.user), _text(turn.password)
        )
    sealed = bool(given.certificate)
    certificates = (
        f"certificates: {{\n  cert_pem = {_text(given.certificate)}\n"
        f"  cert_key = {_text(given.certificate_key)}\n}}\n"
    )
    main = _MAIN.format(
        folder=_text(str(folder)),
        **{kind: _text(str(installed / kind)) for kind in ("plugins", "transports", "events", "loggers")},
        secret=_text(given.secret),
        ipv6=_yes(any(":" in one for one in given.addresses)),
        ports=_text(f"{given.ports[0]}-{given.ports[1]}"),
        addresses=_text(",".join(given.addresses)),
        nat=nat,
        other_plugins=_text(_all_but(installed / "plugins", _PLUGIN)),
        other_ways=_text(_all_but(installed / "transports", _WAY)),
        every_logger=_text(_all_but(installed / "loggers", "")),
    )
    websockets = _WEBSOCKETS.format(
        address=_text(given.listen),
        port=given.port,
        admin_port=given.admin_port,
        plain=_yes(not sealed),
        sealed=_yes(sealed),
        allowed=f"  ws_acl = {_text(','.join(given.allowed))}\n" if given.allowed else "",
        admin_allowed=f"  admin_ws_acl = {_text(','.join(given.allowed))}\n" if given.allowed else "",
        certificates=certificates if sealed else "",
    )
    return {
        "janus.jcfg": main,
        "janus.transport.websockets.jcfg": websockets,
        "janus.plugin.videoroom.jcfg": _ROOMS.format(secret=_text(given.secret)),
    }


def _all_but(folder: Path, needed: str) -> str:
    """What is not needed stays off."""
    return ",".join(sorted(one.name for one in folder.glob("*.so") if one.name != needed))


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _text(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("control characters")
    return msgspec.json.encode(value).decode()
