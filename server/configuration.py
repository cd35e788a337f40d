"""What a deployment can set: a TOML file in the data folder, overridden by ``SAMTID_*``.

Unknown keys are errors, so that a misspelt setting is never silently ignored. Described in
``docs/configuration.md``; a test compares the two.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from care.accounts import Role
from care.errors import Fault
from care.identity.vault import VAULT_FILE
from care.storage.database import sqlite_url
from server.media.janus.address import NodeAddress, check_nodes
from server.operations.backup import sealing

FILE = "samtid.toml"
#: Variables that are not settings of the server.
_NOT_SETTINGS = {"SAMTID_NOW", "SAMTID_DATA", "SAMTID_DEBUG"}


_Port = Annotated[int, msgspec.Meta(ge=1024, le=65535)]
#: A person in a room takes two ports on each address; fewer than for a full room make no sense.
FEWEST_PORTS = 24


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TURN server of our own; credentials are minted per call from the shared secret."""

    urls: list[str]
    secret: str
    minutes: int = 10


class Media(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How picture and sound of three to twelve people get to each other."""

    #: A process of this machine, or Janus nodes.
    engine: Literal["embedded", "janus"] = "embedded"
    nodes: list[NodeAddress] = msgspec.field(default_factory=list)
    #: The machine's addresses that are used; none means all.
    addresses: list[str] = msgspec.field(default_factory=list)
    #: Lowest and highest UDP port; without them any.
    ports: tuple[_Port, _Port] | None = None
    #: Everything through the TURN server, so that the firewall needs no further port.
    relay_only: bool = False


class OpenId(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The municipality's own sign-in service (OpenID Connect), and what its claims mean here."""

    issuer: str
    client_id: str
    client_secret: str = ""
    #: What the button says: "Logga in med …".
    name: str = "kommunens inloggning"
    scopes: list[str] = msgspec.field(default_factory=lambda: ["openid", "profile"])
    #: Claim with the HSA-id that stands on the person in the staff list.
    hsa_claim: str = ""
    #: Claim with the user name of an account here, for those who are not in the staff list.
    username_claim: str = ""
    #: Claim with what decides the roles, and what each of its values means here.
    role_claim: str = ""
    roles: dict[str, str] = msgspec.field(default_factory=dict)
    #: Claim with what decides the groups, and the group that each of its values means here.
    group_claim: str = ""
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    #: Levels of assurance (acr) of which one is asked for and must be answered.
    acr: list[str] = msgspec.field(default_factory=list)
    algorithms: list[str] = msgspec.field(default_factory=lambda: ["RS256", "PS256", "ES256"])


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The municipality's own service, which passes messages to closed phones on to staff."""

    url: str
    #: File with the secret that every message is signed with; a relative path is one in the data folder.
    secret_file: str
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    #: Certificate authorities (PEM) in place of the system's own.
    ca_file: str = ""


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An SMS gateway that is spoken to over HTTP."""

    url: str
    method: Literal["POST", "PUT", "GET"] = "POST"
    #: How the fields are sent; with GET they stand in the address.
    format: Literal["form", "json"] = "form"
    #: The gateway's fields with {to}, {text}, {id} and {link} in their places.
    fields: dict[str, Any]
    #: File with what proves who we are; a relative path is one in the data folder. Empty: nothing is sent.
    auth_file: str = ""
    auth_header: str = "Authorization"
    #: ``basic`` (the file says user:password), ``bearer``, or empty: the file has the whole value.
    auth_scheme: Literal["basic", "bearer", ""] = "basic"
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    ca_file: str = ""


#: What may stand in the fields of an SMS gateway.
SMS_PLACES = re.compile(r"\{(to|text|id|link)\}")
_ANY_PLACE = re.compile(r"\{[^{}]*\}")


def is_loopback(host: str) -> bool:
    """True when `host` can only be reached from this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of one server."""

    #: Folder with the database, keys and generated files; mode 0700.
    data: Path = Path(".samtid")
    #: SQLAlchemy address; empty means SQLite in the data folder.
    database: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8080
    #: How the server is reached from outside, without a slash at the end.
    public_url: str = ""
    #: Certificate and key for HTTPS, or a proxy in front.
    certificate: str = ""
    certificate_key: str = ""
    #: Proxies whose X-Forwarded-* are believed, by address.
    trusted_proxies: list[str] = msgspec.field(default_factory=list)
    #: Sign-in with a password alone, where other machines reach the server, must be chosen.
    allow_password_login: bool = False
    #: A session ends after so many hours, or when it has been idle for so many minutes.
    session_hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 7)] = 12
    idle_minutes: Annotated[int, msgspec.Meta(ge=5, le=24 * 60)] = 120
    #: A call goes on when a side comes back within so many seconds.
    call_grace_seconds: Annotated[int, msgspec.Meta(ge=10, le=3600)] = 120
    oidc: OpenId | None = None
    turn: Turn | None = None
    media: Media | None = None
    #: Ways to tell staff whose phone is closed. Without one, nothing is sent and nobody can ask for it.
    webhook: Webhook | None = None
    sms: Sms | None = None
    #: Redis for signalling between several nodes; empty means one node.
    redis: str = ""
    #: Addresses besides this machine that may read /metrics.
    metrics_from: list[str] = msgspec.field(default_factory=list)
    #: Number to ring when the system does not work.
    help_phone: str = ""
    #: Where the day is written down for when the server is gone; empty: ``emergency`` in the data folder.
    emergency_folder: str = ""
    #: Public key (age1…) that it is sealed to; empty: it lies open.
    emergency_recipient: str = ""
    #: Minutes between two such copies; 0 writes none.
    emergency_minutes: Annotated[int, msgspec.Meta(ge=0, le=24 * 60)] = 30
    #: Planning: wall-clock cap in seconds for one proposal.
    planning_seconds: float = 6.0

    @property
    def database_url(self) -> str:
        return self.database or sqlite_url(self.data)

    @property
    def vault_file(self) -> Path:
        """The keys that personal numbers are sealed with (`care.identity.vault`)."""
        return self.data / VAULT_FILE

    @property
    def emergency_path(self) -> Path:
        return Path(self.emergency_folder) if self.emergency_folder else self.data / "emergency"

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return self.public_url or f"{scheme}://{self.host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https:")

    @property
    def is_reachable(self) -> bool:
        """True when other machines can reach the server: by its own address, or through a proxy."""
        public = urlsplit(self.public_url).hostname or ""
        return not is_loopback(self.host) or bool(
            self.trusted_proxies or (public and not is_loopback(public))
        )


def read_configuration(
    data: Path | None = None, environment: Mapping[str, str] | None = None, **given: Any
) -> Configuration:
    """The settings: defaults < ``samtid.toml`` < ``SAMTID_*`` < what the command line gave.

    Raises `Fault` ``configuration.bad`` naming the key and what was expected.
    """
    env = os.environ if environment is None else environment
    folder = data or Path(env.get("SAMTID_DATA", ".samtid"))
    values: dict[str, Any] = {}
    file = folder / FILE
    if file.is_file():
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Fault(
                "configuration.bad", "Inställningsfilen %(file)s går inte att läsa: %(error)s",
                place=FILE, values={"file": FILE, "error": str(error)},
            ) from None  # fmt: skip
    for name, text in env.items():
        if name.startswith("SAMTID_") and name not in _NOT_SETTINGS:
            values[name.removeprefix("SAMTID_").lower()] = _from_text(text)
    values.update({key: value for key, value in given.items() if value is not None})
    values["data"] = folder
    unknown = sorted(values.keys() - set(Configuration.__struct_fields__))
    if unknown:
        raise Fault(
            "configuration.unknown",
            "Inställningen %(name)s finns inte. Alla inställningar står i docs/configuration.md.",
            place=unknown[0],
            values={"name": unknown[0]},
        )
    try:
        return _checked(msgspec.convert(values, Configuration, strict=False, dec_hook=_decode))
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        raise Fault(
            "configuration.bad",
            "En inställning är fel: %(error)s. Alla inställningar står i docs/configuration.md.",
            place=where.strip("`$.") or FILE,
            values={"error": what},
        ) from None


def _checked(configuration: Configuration) -> Configuration:
    """What the types do not say. Raises `Fault` ``configuration.oidc`` or ``configuration.alerts``."""
    for name, way in (("webhook", configuration.webhook), ("sms", configuration.sms)):
        if way is not None:
            _check_way(name, way)
    if configuration.emergency_recipient:
        _check_recipient(configuration.emergency_recipient)
    _check_media(configuration)
    oidc = configuration.oidc
    if oidc is None:
        return configuration
    issuer = urlsplit(oidc.issuer)
    if issuer.scheme != "https" and not (issuer.scheme == "http" and is_loopback(issuer.hostname or "")):
        raise Fault(
            "configuration.oidc",
            "Inställningen issuer under [oidc] ska vara en adress som börjar med https.",
            place="oidc.issuer",
        )
    known = set(Role) - {Role.DEVICE, Role.GUEST}
    for role in oidc.roles.values():
        if role not in known:
            raise Fault(
                "configuration.oidc_role",
                "Rollen %(role)s under [oidc] finns inte i Samtid.",
                place="oidc.roles",
                values={"role": role},
            )
    return configuration


def _check_media(configuration: Configuration) -> None:
    media = configuration.media or Media()
    if media.engine == "janus" or media.nodes:
        check_nodes(media.nodes)
    for address in media.addresses:
        try:
            ip_address(address)
        except ValueError:
            raise Fault(
                "configuration.media_address",
                "Inställningen addresses under [media] ska vara datorns IP-adresser, men där står "
                "”%(address)s”.",
                place="media.addresses",
                values={"address": address[:60]},
            ) from None
    if media.ports is not None and media.ports[1] - media.ports[0] + 1 < FEWEST_PORTS:
        raise Fault(
            "configuration.media_ports",
            "Inställningen ports under [media] ska vara den lägsta och den högsta UDP-porten, med minst "
            "%(count)s portar.",
            place="media.ports",
            values={"count": FEWEST_PORTS},
        )
    if media.relay_only and configuration.turn is None:
        raise Fault(
            "configuration.media_relay",
            "Inställningen relay_only under [media] behöver en TURN-server under [turn].",
            place="media.relay_only",
        )


def _check_recipient(recipient: str) -> None:
    try:
        sealing.check(sealing.Lock(recipient=recipient))
    except Fault:
        raise Fault(
            "configuration.emergency_recipient",
            "Inställningen emergency_recipient är ingen öppen nyckel i age-formatet (age1…). Gör ett "
            "nyckelpar med ”samtid keys backup”.",
            place="emergency_recipient",
        ) from None


def _check_way(name: str, way: Webhook | Sms) -> None:
    if not _is_safe(way.url):
        raise Fault(
            "configuration.alerts",
            "Inställningen url under [%(name)s] ska vara en adress som börjar med https, utan lösenord i.",
            place=f"{name}.url",
            values={"name": name},
        )
    if isinstance(way, Sms):
        texts = list(_texts(way.fields))
        may_nest = way.format == "json" and way.method != "GET"
        unknown = [
            found for text in texts for found in _ANY_PLACE.findall(text) if not SMS_PLACES.match(found)
        ]
        if (
            unknown
            or not {"{to}", "{text}"} <= {found for text in texts for found in _ANY_PLACE.findall(text)}
            or not (may_nest or all(isinstance(value, str) for value in way.fields.values()))
        ):
            raise Fault(
                "configuration.sms_fields",
                "Fälten under [sms.fields] ska innehålla {to} och {text}, och får innehålla {id} och {link}. "
                'Bara med format = "json" får de vara annat än text.',
                place="sms.fields",
            )


def _is_safe(url: str) -> bool:
    """HTTPS, or this very machine; and no password or anchor in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_encrypted = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return is_encrypted and bool(host) and parts.username is None and not parts.fragment


def _texts(value: Any) -> Iterator[str]:
    """Every text inside lists and tables."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _decode(kind: type, value: Any) -> Any:
    return Path(value) if issubclass(kind, Path) else value


def _from_text(text: str) -> Any:
    """Lists and tables are given as JSON; everything else is text that msgspec reads leniently."""
    if text[:1] in "[{":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return text
    return text
