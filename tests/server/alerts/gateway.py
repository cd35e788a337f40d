"""A real gateway on loopback that writes down what it gets and answers as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Got:
    """One request, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    form: dict[str, str]


@dataclass
class Gateway:
    """`answers` are given in turn, the last one for ever; "slow" never answers."""

    server: TestServer
    answers: list[int | str] = field(default_factory=lambda: [200])
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/messages"))

    async def hear(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.got.append(
            Got(request.method, request.path, dict(request.query), dict(request.headers), body, form)
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "slow":
            await asyncio.Event().wait()
        if answer == "redirect":
            raise web.HTTPTemporaryRedirect("/elsewhere")
        return web.Response(status=int(answer), text="numret +46701740658 togs emot")


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    app = web.Application()
    made = Gateway(TestServer(app))
    app.router.add_route("*", "/{any:.*}", made.hear)
    await made.server.start_server(shutdown_timeout=0)
    yield made
    await made.server.close()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A data folder with the secrets of both ways."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for name, text in (("webhook.secret", "hemligt\n"), ("sms.secret", "samtid:lösen\n")):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o600)
    return folder


def settings(gateway: Gateway, *names: str, **more: Any) -> dict[str, Any]:
    """Settings of the ways `names` to `gateway`."""
    known: dict[str, dict[str, Any]] = {
        "webhook": {"url": gateway.url, "secret_file": "webhook.secret", "timeout_seconds": 0.5},
        "sms": {
            "url": gateway.url, "auth_file": "sms.secret", "timeout_seconds": 0.5,
            "fields": {"from": "Samtid", "to": "{to}", "message": "{text}"},
        },
    }  # fmt: skip
    return {name: {**known[name], **more} for name in names}
