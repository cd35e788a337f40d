"""The municipality's own sign-in service: OpenID Connect, code flow with PKCE, state and nonce.

What is asked of the service goes out only when ``[oidc]`` is set. Tokens are checked by joserfc: signature by
the service's published keys with the algorithms we accept, issuer, audience, time and nonce (OpenID Connect
Core 1.0, 3.1.3.7).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from care.errors import Fault
from server.configuration import OpenId, is_loopback

#: Seconds that the service may take for one answer, and the longest answer that is read.
PATIENCE = 10
LONGEST = 1_000_000
#: Clocks of two machines may differ by so many seconds.
LEEWAY = 60


@dataclass(frozen=True, slots=True)
class Errand:
    """What has to be the same when the browser comes back; kept with the sign-in under way."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> Errand:
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    @property
    def challenge(self) -> str:
        """S256 of RFC 7636, 4.2."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Provider:
    """The service, as it describes itself. One a process."""

    def __init__(self, settings: OpenId, http: ClientSession) -> None:
        self.settings = settings
        self._http = http
        self._described: dict[str, Any] | None = None

    async def way_there(self, errand: Errand, redirect_uri: str) -> str:
        """Where to send the browser. Raises `Fault` ``oidc.unreachable``."""
        described = await self._describe()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys(["openid", *self.settings.scopes])),
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": errand.challenge,
            "code_challenge_method": "S256",
        }
        if self.settings.acr:
            asked["acr_values"] = " ".join(self.settings.acr)
        return _with(described["authorization_endpoint"], asked)

    async def way_out(self, back_to: str) -> str | None:
        """Where somebody signs out of the service too, or None when it has no such place."""
        end = (await self._describe()).get("end_session_endpoint")
        if not isinstance(end, str):
            return None
        return _with(end, {"client_id": self.settings.client_id, "post_logout_redirect_uri": back_to})

    async def who(  # noqa: PLR0917
        self, errand: Errand, state: str, code: str, issuer: str, redirect_uri: str, now: datetime
    ) -> dict[str, Any]:  # fmt: skip
        """What the service says of the person who came back with `code`.

        `issuer` is what came in the address (RFC 9207), if anything. Raises `Fault` ``oidc.failed``,
        ``oidc.weak`` or ``oidc.unreachable``.
        """
        if not hmac.compare_digest(state.encode("utf-8", "replace"), errand.state.encode()) or not code:
            raise self._failed()
        if issuer and issuer != self.settings.issuer:
            raise self._failed()
        tokens = await self._exchange(errand, code, redirect_uri)
        claims = await self._checked(str(tokens.get("id_token") or ""), errand.nonce, now)
        described = await self._describe()
        if "userinfo_endpoint" in described and tokens.get("access_token"):
            told = await self._ask(
                "GET",
                described["userinfo_endpoint"],
                headers={"Authorization": f"Bearer {tokens['access_token']}"},
            )
            # Of another person: an exchanged access token (Core, 5.3.2).
            if told.get("sub") != claims["sub"]:
                raise self._failed()
            claims = {**told, **claims}
        if self.settings.acr and claims.get("acr") not in self.settings.acr:
            raise Fault(
                "oidc.weak",
                "Här krävs ett säkrare sätt att logga in hos %(name)s, till exempel e-legitimation.",
                status=403,
                values={"name": self.settings.name},
            )
        return claims

    async def _exchange(self, errand: Errand, code: str, redirect_uri: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": errand.verifier,
            "client_id": self.settings.client_id,
        }
        headers = {}
        if self.settings.client_secret:
            # Both are form-encoded first (RFC 6749, 2.3.1).
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return await self._ask("POST", (await self._describe())["token_endpoint"], data=form, headers=headers)

    async def _checked(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        keys = await self._ask("GET", (await self._describe())["jwks_uri"])
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            read = jwt.decode(
                token,
                KeySet.import_key_set({"keys": keys.get("keys", [])}),
                algorithms=self.settings.algorithms,
            )
            registry.validate(read.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise self._failed() from None
        claims: dict[str, Any] = read.claims
        # Made for several: then it must say that it was made for us (Core, 3.1.3.7).
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise self._failed()
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise self._failed()
        return claims

    async def _describe(self) -> dict[str, Any]:
        if self._described is None:
            found = await self._ask(
                "GET", f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            )
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != self.settings.issuer or not all(
                is_safe(str(found.get(name, ""))) for name in needed
            ):
                raise self._failed()
            self._described = found
        return self._described

    async def _ask(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        try:
            async with self._http.request(
                method,
                address,
                timeout=ClientTimeout(total=PATIENCE),
                allow_redirects=False,
                **more,
            ) as answer:
                body = await _read(answer)
                status = answer.status
        except (ClientError, TimeoutError, OSError, ValueError):
            raise Fault(
                "oidc.unreachable",
                "%(name)s svarar inte just nu. Försök igen om en stund, eller logga in med lösenord.",
                status=503,
                values={"name": self.settings.name},
            ) from None
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if status != 200 or not isinstance(found, dict):
            raise self._failed()
        return found

    def _failed(self) -> Fault:
        return Fault(
            "oidc.failed",
            "Inloggningen hos %(name)s gick inte att slutföra. Börja om, och hör av dig till den som sköter "
            "konton om det fortsätter.",
            status=403,
            values={"name": self.settings.name},
        )


async def _read(answer: ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LONGEST:
            raise ValueError("too long")
    return body


def is_safe(address: str) -> bool:
    """True for HTTPS, and for plain HTTP on this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _with(address: str, asked: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"
