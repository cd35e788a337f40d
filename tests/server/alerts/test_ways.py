"""What goes over the wire: signed, in the gateway's own fields, to the configured place and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from care.clock import StandingClock
from care.errors import Fault
from server.alerts.ways import Message, NotSentError, Way, ways_out
from server.configuration import read_configuration
from tests.server.alerts.gateway import Gateway, settings

MESSAGE = Message(
    "0195-id", "due", "+46701740658", "Samtid: ett samtal väntar kl. 14.30.", "https://s.example/min-dag"
)


def way(folder: Path, given: dict[str, Any], clock: StandingClock) -> Way:
    (found,) = ways_out(read_configuration(folder, {}, **given), clock)
    return found


async def send(one: Way) -> None:
    async with ClientSession() as session:
        await one.send(session, MESSAGE)


async def problem(one: Way) -> tuple[str, bool]:
    with pytest.raises(NotSentError) as caught:
        await send(one)
    return caught.value.problem, caught.value.again


async def test_the_webhook_is_signed_with_its_time(
    gateway: Gateway, secrets: Path, clock: StandingClock
) -> None:
    """The receiver can reckon the signature over the bytes that came, and sees how old it is."""
    await send(way(secrets, settings(gateway, "webhook"), clock))
    (got,) = gateway.got
    at = int(clock.now().timestamp())
    expected = hmac.new(b"hemligt", f"{at}.".encode() + got.body, hashlib.sha256).hexdigest()
    assert got.headers["Samtid-Signature"] == f"t={at},v1={expected}"
    assert got.headers["Idempotency-Key"] == got.headers["Samtid-Message-Id"] == "0195-id"
    assert json.loads(got.body) == {
        "id": "0195-id", "kind": "due", "to": "+46701740658", "text": MESSAGE.text, "link": MESSAGE.link,
    }  # fmt: skip


async def test_a_form_has_the_gateways_own_fields(
    gateway: Gateway, secrets: Path, clock: StandingClock
) -> None:
    await send(way(secrets, settings(gateway, "sms"), clock))
    (got,) = gateway.got
    assert got.form == {"from": "Samtid", "to": "+46701740658", "message": MESSAGE.text}
    assert got.headers["Authorization"] == f"Basic {base64.b64encode('samtid:lösen'.encode()).decode()}"


async def test_json_may_nest_and_put_is_put(gateway: Gateway, secrets: Path, clock: StandingClock) -> None:
    given = settings(
        gateway, "sms", method="PUT", format="json", auth_scheme="bearer", auth_header="X-Key",
        fields={"to": ["{to}"], "body": {"text": "{text} {link}", "ref": "{id}"}, "urgent": True},
    )  # fmt: skip
    await send(way(secrets, given, clock))
    (got,) = gateway.got
    assert (got.method, got.headers["X-Key"]) == ("PUT", "Bearer samtid:lösen")
    assert json.loads(got.body) == {
        "to": ["+46701740658"], "body": {"text": f"{MESSAGE.text} {MESSAGE.link}", "ref": "0195-id"},
        "urgent": True,
    }  # fmt: skip


async def test_get_has_the_fields_in_the_address(
    gateway: Gateway, secrets: Path, clock: StandingClock
) -> None:
    await send(way(secrets, settings(gateway, "sms", method="GET"), clock))
    assert gateway.got[0].query == {"from": "Samtid", "to": "+46701740658", "message": MESSAGE.text}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (500, ("status_500", True)),
        (503, ("status_503", True)),
        (429, ("status_429", True)),
        (401, ("status_401", False)),
        (404, ("status_404", False)),
        ("redirect", ("redirect", False)),
        ("slow", ("timeout", True)),
    ],
)
async def test_what_is_no_success_is_told_apart(
    gateway: Gateway, secrets: Path, clock: StandingClock, answer: int | str, expected: tuple[str, bool],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Try again, or not; a redirection is not followed, and nothing the gateway says is logged."""
    gateway.answers = [answer]
    with caplog.at_level(logging.DEBUG):
        assert await problem(way(secrets, settings(gateway, "sms"), clock)) == expected
    assert len(gateway.got) == 1
    assert "701740658" not in caplog.text


async def test_a_closed_port_is_tried_again(gateway: Gateway, secrets: Path, clock: StandingClock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = settings(gateway, "webhook", url=f"http://127.0.0.1:{port}/")
    assert await problem(way(secrets, given, clock)) == ("unreachable", True)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name` that signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, pem = folder / f"{name}.crt", folder / f"{name}.pem"
    crt.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return crt, pem


@pytest.mark.parametrize(
    ("name", "trusted", "is_good"),
    [("localhost", True, True), ("localhost", False, False), ("annan.example", True, False)],
    ids=["right", "unknown authority", "wrong name"],
)
async def test_only_a_certificate_that_is_right_gets_the_message(
    secrets: Path, clock: StandingClock, name: str, trusted: bool, is_good: bool
) -> None:
    """Of an authority that is trusted, and for that very host: anybody else gets nothing."""
    crt, pem = certificate(secrets, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(crt, pem)
    app = web.Application()
    made = Gateway(TestServer(app, scheme="https", host="localhost"))
    app.router.add_route("*", "/{any:.*}", made.hear)
    await made.server.start_server(ssl=context)
    one = way(secrets, settings(made, "webhook", ca_file=str(crt) if trusted else ""), clock)
    if is_good:
        await send(one)
    else:
        assert await problem(one) == ("certificate", True)
    assert len(made.got) == is_good
    await made.server.close()


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("webhook", {"url": "http://gateway.example/"}),
        ("webhook", {"url": "ftp://gateway.example/"}),
        ("webhook", {"url": "https://user:password@gateway.example/"}),
        ("webhook", {"url": "https:///"}),
        ("webhook", {"url": "https://[::1"}),
        ("webhook", {"secret_file": "saknas"}),
        ("webhook", {"timeout_seconds": 0}),
        ("webhook", {"ca_file": "saknas"}),
        ("sms", {"fields": {"to": "{to}"}}),
        ("sms", {"fields": {"to": "{to}", "text": "{text} {client}"}}),
        ("sms", {"fields": {"to": ["{to}"], "text": "{text}"}}),
        ("sms", {"method": "DELETE"}),
        ("sms", {"auth_file": "saknas"}),
    ],
    ids=range(13),
)
def test_settings_that_cannot_work_are_refused(
    secrets: Path, clock: StandingClock, name: str, more: dict[str, Any]
) -> None:
    """Before anything is sent, with the place of the fault."""
    known: dict[str, dict[str, Any]] = {
        "webhook": {"url": "https://gateway.example/", "secret_file": "webhook.secret"},
        "sms": {"url": "https://gateway.example/", "fields": {"to": "{to}", "text": "{text}"}},
    }
    with pytest.raises(Fault) as caught:
        way(secrets, {name: {**known[name], **more}}, clock)
    assert caught.value.code.startswith("configuration.")


def test_a_secret_that_others_may_read_is_refused(secrets: Path, clock: StandingClock) -> None:
    (secrets / "webhook.secret").chmod(0o644)
    given = {"webhook": {"url": "https://gateway.example/", "secret_file": "webhook.secret"}}
    with pytest.raises(Fault) as caught:
        way(secrets, given, clock)
    assert (caught.value.code, caught.value.place) == ("configuration.secret_file", "webhook.secret_file")
