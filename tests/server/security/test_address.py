"""Whose address counts: the nearest that is not one of our proxies."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from server.configuration import Configuration
from server.keys import CONFIGURATION
from server.security.address import client_address


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ([], ["1.2.3.4"], "10.0.0.1"),
        (["10.0.0.1"], [], "10.0.0.1"),
        (["10.0.0.1"], ["1.2.3.4"], "1.2.3.4"),
        (["10.0.0.0/8"], ["6.6.6.6, 1.2.3.4, 10.0.0.7"], "1.2.3.4"),
        (["10.0.0.0/8"], ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (["10.0.0.1"], ["ond; DROP", "2001:db8::1"], "2001:db8::1"),
        (["10.0.0.1"], ["nonsense"], "10.0.0.1"),
        (["10.0.0.1"], [""], "10.0.0.1"),
        (["10.0.0.0/8"], ["10.0.0.9"], "10.0.0.9"),
        (["192.168.0.1"], ["1.2.3.4"], "10.0.0.1"),
    ],
)
def test_address(trusted: list[str], forwarded: list[str], address: str) -> None:
    """What a stranger writes in the header beyond our own proxies is not believed."""
    app = web.Application()
    app[CONFIGURATION] = Configuration(trusted_proxies=trusted)
    headers = CIMultiDict(("X-Forwarded-For", value) for value in forwarded)
    request = make_mocked_request("GET", "/", headers=headers, app=app).clone(remote="10.0.0.1")
    request._match_info = make_mocked_request("GET", "/", app=app).match_info
    assert client_address(request) == address
