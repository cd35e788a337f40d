"""Ways out to staff whose phone is closed: a signed webhook, or an SMS gateway spoken to over HTTP.

Only what the configuration names is ever spoken to. Answers are judged by their status and never read: what a
gateway says may hold numbers, and belongs in no log. Redirections are not followed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientError, ClientSession, ClientSSLError, ClientTimeout, hdrs

from care.clock import Clock
from care.errors import Fault
from server.configuration import SMS_PLACES, Configuration, Sms, Webhook

_LOOSE = 0o077
_GOOD = range(200, 300)
#: Answers that say: not now, try again.
_AGAIN = frozenset({408, 425, 429})
USER_AGENT = "Samtid"
SIGNATURE = "Samtid-Signature"
MESSAGE_ID = "Samtid-Message-Id"
#: Gateways that know it send the same message once, however often they are asked.
IDEMPOTENCY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. Nothing in it says whom it is about."""

    id: str
    kind: str
    phone: str
    text: str
    link: str = ""


class NotSentError(Exception):
    """A message did not get through; `problem` is a word for people who look after the server."""

    def __init__(self, problem: str, *, again: bool) -> None:
        super().__init__(problem)
        self.problem, self.again = problem, again


@dataclass(frozen=True, slots=True)
class Letter:
    """One request as it goes over the wire."""

    method: str
    url: str
    headers: dict[str, str]
    params: dict[str, str] | None = None
    body: bytes | None = None
    form: dict[str, str] | None = None


class Way:
    """One way out. `letter` writes the request, `send` sends it."""

    name: str

    def __init__(self, timeout: float, ca_file: Path | None) -> None:
        self.timeout = timeout
        self._tls = _context(ca_file)

    def letter(self, message: Message) -> Letter:
        raise NotImplementedError

    async def send(self, session: ClientSession, message: Message) -> None:
        """One try. Raises `NotSentError`."""
        letter = self.letter(message)
        try:
            async with session.request(
                letter.method,
                letter.url,
                params=letter.params,
                data=letter.form if letter.form is not None else letter.body,
                headers={hdrs.USER_AGENT: USER_AGENT, IDEMPOTENCY: message.id, **letter.headers},
                allow_redirects=False,
                timeout=ClientTimeout(total=self.timeout),
                ssl=self._tls,
            ) as answer:
                status = answer.status
                # Unread: the connection goes with it.
                answer.close()
        except TimeoutError:
            raise NotSentError("timeout", again=True) from None
        except ClientSSLError:
            raise NotSentError("certificate", again=True) from None
        except (ClientError, OSError, asyncio.IncompleteReadError):
            raise NotSentError("unreachable", again=True) from None
        if status in _GOOD:
            return
        if 300 <= status < 400:
            raise NotSentError("redirect", again=False)
        raise NotSentError(f"status_{status}", again=status >= 500 or status in _AGAIN)


class WebhookWay(Way):
    """JSON, signed so that the receiver can tell that it is ours, and how old it is."""

    name = "webhook"

    def __init__(self, settings: Webhook, folder: Path, clock: Clock) -> None:
        super().__init__(settings.timeout_seconds, _path(folder, settings.ca_file))
        self._url, self._clock = settings.url, clock
        self._secret = read_secret(folder, settings.secret_file, "webhook.secret_file")

    def letter(self, message: Message) -> Letter:
        body = msgspec.json.encode(
            {
                "id": message.id,
                "kind": message.kind,
                "to": message.phone,
                "text": message.text,
                "link": message.link,
            }
        )
        at = int(self._clock.now().timestamp())
        headers = {
            hdrs.CONTENT_TYPE: "application/json",
            MESSAGE_ID: message.id,
            SIGNATURE: f"t={at},v1={signature(self._secret.encode(), at, body)}",
        }
        return Letter("POST", self._url, headers, body=body)


class SmsWay(Way):
    """The gateway's own fields with number and text in their places."""

    name = "sms"

    def __init__(self, settings: Sms, folder: Path) -> None:
        super().__init__(settings.timeout_seconds, _path(folder, settings.ca_file))
        self._settings = settings
        self._headers: dict[str, str] = {}
        if settings.auth_file:
            secret = read_secret(folder, settings.auth_file, "sms.auth_file")
            if settings.auth_scheme == "basic":
                secret = f"Basic {base64.b64encode(secret.encode()).decode()}"
            elif settings.auth_scheme == "bearer":
                secret = f"Bearer {secret}"
            self._headers = {settings.auth_header: secret}

    def letter(self, message: Message) -> Letter:
        settings = self._settings
        fields = _filled(
            settings.fields,
            {"to": message.phone, "text": message.text, "id": message.id, "link": message.link},
        )
        if settings.method == "GET":
            return Letter("GET", settings.url, self._headers, params=fields)
        if settings.format == "json":
            headers = {**self._headers, hdrs.CONTENT_TYPE: "application/json"}
            return Letter(settings.method, settings.url, headers, body=msgspec.json.encode(fields))
        return Letter(settings.method, settings.url, self._headers, form=fields)


def signature(secret: bytes, at: int, body: bytes) -> str:
    """HMAC-SHA256 of ``<seconds since 1970>.<body>``, in hexadecimal."""
    return hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def ways_out(configuration: Configuration, machine_clock: Clock) -> list[Way]:
    """The ways that are set up, in the order in which they are tried; none when nothing is.

    Raises `Fault` ``configuration.secret_file`` when a secret cannot be read.
    """
    found: list[Way] = []
    if configuration.webhook is not None:
        found.append(WebhookWay(configuration.webhook, configuration.data, machine_clock))
    if configuration.sms is not None:
        found.append(SmsWay(configuration.sms, configuration.data))
    return found


def read_secret(folder: Path, name: str, place: str) -> str:
    """The secret in a file that nobody else may read, without the line end."""
    path = _path(folder, name)
    try:
        if path is None or path.stat().st_mode & _LOOSE:
            raise OSError("others may read it")
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret or not secret.isprintable():
        raise Fault(
            "configuration.secret_file",
            "Filen som %(place)s pekar på ska finnas, ha en rad med hemligheten, och bara få läsas av "
            "servern (chmod 600).",
            place=place,
            values={"place": place},
        )
    return secret


def _path(folder: Path, name: str) -> Path | None:
    return folder / name if name else None


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise Fault(
            "configuration.ca_file",
            "Filen med utfärdare av certifikat (ca_file) går inte att läsa.",
            place="ca_file",
        ) from None


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """`value` with every place filled, also inside lists and tables."""
    if isinstance(value, str):
        return SMS_PLACES.sub(lambda found: words[found[1]], value)
    if isinstance(value, Mapping):
        return {key: _filled(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, words) for one in value]
    return value
