"""Passkeys (WebAuthn): a key pair in a phone, a computer or a security key, bound to our own name.

The browser signs only for the name in the address bar, so a page that pretends to be us gets nothing.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from care.accounts import Account
from care.errors import Fault
from care.factors import Passkey
from care.ids import new_id
from server.keys import CONFIGURATION

#: The longest answer of a browser that is read, characters.
LONGEST = 20_000


def our_name(request: web.Request) -> str | None:
    """The name that passkeys are bound to; None where there is none: passkeys need a name, not an address."""
    public = request.app[CONFIGURATION].public_url
    try:
        host = urlsplit(public or f"http://{request.host}").hostname or ""
    except ValueError:
        return None
    try:
        ip_address(host)
    except ValueError:
        return host or None
    return None


def _origin(request: web.Request) -> str:
    parts = urlsplit(request.app[CONFIGURATION].public_url)
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    scheme = "https" if request.app[CONFIGURATION].is_secure else "http"
    return f"{scheme}://{request.host}"


async def creation_options(
    request: web.Request, session: AsyncSession, account: Account, challenge: bytes
) -> str | None:
    """What the browser needs to make a passkey, as JSON; None where passkeys cannot be used."""
    name = our_name(request)
    if name is None:
        return None
    return options_to_json(
        generate_registration_options(
            rp_id=name,
            rp_name="Samtid",
            user_id=account.id.bytes,
            user_name=account.username,
            user_display_name=account.display_name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=await _known(session, account.id),
        )
    )


async def request_options(
    request: web.Request, session: AsyncSession, account_id: UUID, challenge: bytes
) -> str | None:
    """What the browser needs to use one of the account's passkeys, as JSON; None where there is none."""
    name, known = our_name(request), await _known(session, account_id)
    if name is None or not known:
        return None
    return options_to_json(
        generate_authentication_options(rp_id=name, challenge=challenge, allow_credentials=known)
    )


async def _known(session: AsyncSession, account_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    ids = await session.scalars(
        select(Passkey.credential_id).where(Passkey.account_id == account_id).order_by(Passkey.id)
    )
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]


async def register(  # noqa: PLR0917
    request: web.Request,
    session: AsyncSession,
    account_id: UUID,
    challenge: bytes,
    answer: str,
    name: str,
    now: datetime,
) -> Passkey:
    """Keep the passkey that the browser has made. Raises `Fault` ``passkey.refused``."""
    rp_id = our_name(request)
    if rp_id is None:
        raise _refused()
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=_origin(request),
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        raise _refused() from None
    passkey = Passkey(
        id=new_id(),
        account_id=account_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        created_at=now,
    )
    session.add(passkey)
    try:
        await session.flush()
    except IntegrityError:  # a key that is here already
        raise _refused() from None
    return passkey


async def use(  # noqa: PLR0917
    request: web.Request,
    session: AsyncSession,
    account_id: UUID,
    challenge: bytes,
    answer: str,
    now: datetime,
) -> bool:
    """True when the answer is signed by one of the account's passkeys, for us and for this sign-in."""
    rp_id = our_name(request)
    try:
        said = parse_authentication_credential_json(answer)
        passkey = await session.scalar(
            select(Passkey)
            .where(Passkey.account_id == account_id, Passkey.credential_id == said.raw_id)
            .with_for_update()
        )
        if passkey is None or rp_id is None:
            return False
        verified = verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=_origin(request),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return False
    passkey.sign_count = verified.new_sign_count
    passkey.last_used_at = now
    return True


def _refused() -> Fault:
    return Fault(
        "passkey.refused",
        "Lösennyckeln gick inte att spara. Försök igen, eller välj en kod i en app.",
        place="credential",
    )
