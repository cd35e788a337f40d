"""The address a request comes from, through proxies that we trust and no others."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from aiohttp import web

from server.keys import CONFIGURATION


def client_address(request: web.Request) -> str:
    """The nearest address that is not one of our proxies; empty when unknown (a unix socket)."""
    trusted = request.app[CONFIGURATION].trusted_proxies
    address = request.remote or ""
    if not trusted or not is_among(address, trusted):
        return address
    # Right to left: each of our proxies added who called it; what lies beyond them may be made up.
    for word in reversed(",".join(request.headers.getall("X-Forwarded-For", [])).split(",")):
        said = word.strip()
        if not _is_address(said):
            break
        address = said
        if not is_among(said, trusted):
            break
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_among(address: str, networks: list[str]) -> bool:
    """True when `address` is one of these addresses or lies in one of these networks."""
    if not _is_address(address):
        return False
    return any(ip_address(address) in ip_network(network, strict=False) for network in networks)
