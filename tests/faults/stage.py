"""A server, a worker's browser and a client's screen, each in a place of its own, and a call between them.

The pages are the real ones over HTTPS, as at home; the test touches them to begin the call, and never after.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, Page, Playwright, async_playwright, expect

from server.operations.authority import prepare
from tests.e2e.running import CHROMIUM, FLAGS, MEDIA_FLAGS, Running, build, decodes, open_kiosk, sign_in
from tests.faults.network import Network, Place
from tests.faults.seen import WATCH

#: Two programs want what few cores there are: for anything that is not the fault itself, milliseconds.
PATIENCE = 40_000
SECRET = "en hemlighet bara för proven"


@dataclass
class Distant(Running):
    """The same server as other tests have, in a place of its own and over HTTPS."""

    place: Place | None = None

    @property
    def url(self) -> str:
        assert self.place is not None
        return f"https://{self.place.address}:{self.port}"

    async def start(self) -> None:
        assert self.place is not None
        env = {key: value for key, value in os.environ.items() if not key.startswith("SAMTID_")}
        self.process = await asyncio.create_subprocess_exec(
            *self.place.inside(*self._samtid(), "serve", "--data", str(self.folder)),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=env,
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while self.url.encode() not in (line := await self.process.stdout.readline()):
                if not line:
                    raise RuntimeError("the server did not start:\n" + "".join(self.log))
                self.log.append(line.decode())
        self._reader = asyncio.create_task(self._read())


@dataclass
class Stage:
    """Everything of one call over real networks."""

    network: Network
    server: Distant
    worker: Place
    home: Place
    page: Page
    kiosk: Page
    relay: Place | None = None

    @property
    def sides(self) -> tuple[Page, Page]:
        return self.page, self.kiosk

    async def talk(self) -> None:
        """Ring, Svara, until both browsers decode each other's picture and sound."""
        await self.page.get_by_role("button", name="Ring Ingrid").first.click()
        await self.kiosk.get_by_role("button", name="Svara").click(timeout=PATIENCE)
        await expect(self.page.locator("#call-state")).to_contain_text("I samtal", timeout=PATIENCE)
        await asyncio.gather(*(decodes(side, PATIENCE / 1000) for side in self.sides))

    async def is_one_call(self) -> bool:
        """It is still the first call, and the worker reads so."""
        await expect(self.page.locator("#call-state")).to_contain_text("I samtal", timeout=PATIENCE)
        calls = await self.server.calls()
        return len(calls) == 1 and calls[0].cause is None


def _pin(certificate: Path) -> str:
    """Chromium trusts exactly this server, and sees no certificate error."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"


async def _browser(playwright: Playwright, folder: Path, place: Place, pin: str) -> Browser:
    """Chromium inside `place`, through a program that goes there first."""
    script = folder / f"chromium-{place.name}"
    script.write_text(f'#!/bin/sh\nexec ip netns exec {place.namespace} {CHROMIUM} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    flags = [one for one in FLAGS if "loopback" not in one]
    return await playwright.chromium.launch(executable_path=script, args=[*flags, *MEDIA_FLAGS, pin])


async def serve(folder: Path, place: Place, relay: Place | None = None, more: str = "") -> Distant:
    """The server of `tests.e2e.running` with HTTPS by the demo's own authority, not yet started.

    `more` settings, as they stand in the file.
    """
    made = await build(folder)
    given = {one.name: getattr(made, one.name) for one in fields(made)}
    server = Distant(**{**given, "place": place})
    server.pair_url = f"{server.url}/kiosk#{made.pair_url.partition('#')[2]}"
    files = prepare(folder, [ipaddress.ip_address(place.address)])
    turn = f'[turn]\nurls = ["turn:{relay.address}:3478"]\nsecret = "{SECRET}"\n' if relay else ""
    (folder / "samtid.toml").write_text(
        f'host = "{place.address}"\nport = {server.port}\npublic_url = "{server.url}"\n'
        f'certificate = "{files.certificate}"\ncertificate_key = "{files.key}"\n'
        # A password alone is what the tests sign in with; everything else is as in a municipality.
        f"allow_password_login = true\n{turn}{more}",
        encoding="utf-8",
    )
    return server


async def pages_in(
    stack: AsyncExitStack, playwright: Playwright, folder: Path, *places: Place
) -> list[Browser]:
    """A browser in each place, which trusts the server of `folder`; closed with the stack."""
    pin = _pin(folder / "server.crt")
    browsers = []
    for place in places:
        browsers.append(await _browser(playwright, folder, place, pin))
        stack.push_async_callback(browsers[-1].close)
    return browsers


@asynccontextmanager
async def _coturn(folder: Path, place: Place) -> AsyncIterator[None]:
    """A relay in `place`, with the configuration that docs and doctor ask for, and nothing else."""
    process = await asyncio.create_subprocess_exec(
        *place.inside(
            "turnserver", "-n", "--listening-ip", place.address, "--relay-ip", place.address,
            "--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "samtid", "--fingerprint",
            "--no-tls", "--no-dtls", "--no-cli", "--log-file", "stdout", "--simple-log",
            "--pidfile", str(folder / "turn.pid"), "--userdb", str(folder / "turn.db"),
        ),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def stage(folder: Path, *, wired: bool = False, relayed: bool = False) -> AsyncIterator[Stage]:
    """The places, the server and the browsers, up to a tablet that waits and a worker on Min dag.

    `wired`: the home's line is one that can be slow and narrow. `relayed`: there is a TURN server.
    """
    async with AsyncExitStack() as stack:
        network = stack.enter_context(Network())
        office, worker = network.place("office"), network.place("worker")
        home = network.place("home", wired=wired)
        relay = network.place("relay") if relayed else None
        server = await serve(folder, office, relay)
        if relay is not None:
            await stack.enter_async_context(_coturn(folder, relay))
        stack.push_async_callback(server.stop)
        await server.start()
        playwright = await stack.enter_async_context(async_playwright())
        browsers = await pages_in(stack, playwright, folder, worker, home)
        kiosk = await open_kiosk(browsers[1], server, WATCH)
        page = await sign_in(browsers[0], server)
        # From the next page on, which is that of the call.
        await page.context.add_init_script(WATCH)
        yield Stage(network, server, worker, home, page, kiosk, relay)
