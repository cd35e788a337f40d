"""Clients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from care.clients import DecisionAbility, Protection, VideoWish
from care.consent import GivenHow
from care.errors import Fault
from care.identity import personal_number
from care.identity.personal_number import PersonalNumber
from server.exchange.cells import Cells
from server.exchange.kinds.column import Column
from server.exchange.values import (
    first_names,
    plain,
    read_id,
    read_language,
    read_latitude,
    read_longitude,
    read_name,
    read_phone,
    read_yes,
    word_of,
    write_decimal,
    write_yes,
)

#: Who decides, and who has found that out: columns that what is read in also speaks of.
DECISION, DECIDED_BY = "beslutsförmåga", "bedömd_av"

COLUMNS = (
    Column("extern_id", required=True),
    Column("förnamn", required=True),
    Column("efternamn", required=True),
    Column("personnummer"),
    Column("grupp", required=True),
    Column("adress"),
    Column("latitud", number=True),
    Column("longitud", number=True),
    Column("telefon"),
    Column("språk"),
    Column("surfplatta"),
    Column("samtycke_video"),
    Column("skydd"),
    Column("bor_med"),
    Column("samtycke_bor_med"),
    Column("samtycke_hur"),
    Column(DECISION),
    Column(DECIDED_BY),
    Column("vill_ha_video"),
)

#: What is never written for a protected identity: not in exports, not in error files.
WITHHELD = ("efternamn", "personnummer", "adress", "latitud", "longitud", "telefon", "bor_med", DECIDED_BY)

PROTECTIONS = {
    "inget": Protection.NONE,
    "sekretessmarkering": Protection.CONFIDENTIALITY_MARK,
    "skyddad folkbokföring": Protection.PROTECTED_REGISTRATION,
    "fingerade uppgifter": Protection.ASSUMED_IDENTITY,
    "ingen": Protection.NONE,
    "nej": Protection.NONE,
    "0": Protection.NONE,
    "-": Protection.NONE,
    "sekretess": Protection.CONFIDENTIALITY_MARK,
    "sekretessmarkerad": Protection.CONFIDENTIALITY_MARK,
    "01003": Protection.CONFIDENTIALITY_MARK,
    "1003": Protection.CONFIDENTIALITY_MARK,
    "skyddad": Protection.PROTECTED_REGISTRATION,
    "01020": Protection.PROTECTED_REGISTRATION,
    "1020": Protection.PROTECTED_REGISTRATION,
    "kvarskrivning": Protection.PROTECTED_REGISTRATION,
    "fingerad": Protection.ASSUMED_IDENTITY,
    "fingerad identitet": Protection.ASSUMED_IDENTITY,
}
_read_grade = word_of(Protection, PROTECTIONS)
_UNPROTECTED = {plain(name) for name, word in PROTECTIONS.items() if word is Protection.NONE} | {"none"}
_PROTECTION_NAMES = {
    Protection.NONE: "",
    Protection.CONFIDENTIALITY_MARK: "sekretessmarkering",
    Protection.PROTECTED_REGISTRATION: "skyddad folkbokföring",
    Protection.ASSUMED_IDENTITY: "fingerade uppgifter",
}

_HOW = {"muntligt": GivenHow.ORAL, "skriftligt": GivenHow.SIGNED, "med stöd": GivenHow.WITH_SUPPORT}
_ABILITIES = {
    "egen": DecisionAbility.OWN,
    "med stöd": DecisionAbility.WITH_SUPPORT,
    "företrädare": DecisionAbility.REPRESENTATIVE,
    "oklart": DecisionAbility.UNCLEAR,
}
_WISHES = {
    "ja": VideoWish.YES,
    "nej": VideoWish.NO,
    "vet inte": VideoWish.UNKNOWN,
    "j": VideoWish.YES,
    "x": VideoWish.YES,
    "1": VideoWish.YES,
    "n": VideoWish.NO,
    "0": VideoWish.NO,
    "okänt": VideoWish.UNKNOWN,
}
_HOW_NAMES, _ABILITY_NAMES, _WISH_NAMES = first_names(_HOW), first_names(_ABILITIES), first_names(_WISHES)
_read_how = word_of(GivenHow, _HOW)
_read_ability = word_of(DecisionAbility, _ABILITIES)
_read_wish = word_of(VideoWish, _WISHES)


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as the file has it. None means that the file says nothing.

    `latitude` and `longitude` are degrees (WGS 84), both or neither, and never for a protected identity.
    `video_consent` is what the other system says: "att bekräfta" until somebody here has asked the client.
    """

    extern_id: str
    first_name: str
    last_name: str
    personal_number: PersonalNumber | None
    group: str
    address: str | None
    latitude: float | None
    longitude: float | None
    phone: str | None
    language: str | None
    tablet: bool | None
    video_consent: bool | None
    protection: Protection
    #: Whether somebody lives there too, and who, when the file says.
    lives_with: bool | None = None
    cohabitant: str | None = None
    cohabitant_consent: bool | None = None
    consent_how: GivenHow | None = None
    decision_ability: DecisionAbility | None = None
    #: The named person who has decided on who decides.
    decision_by: str | None = None
    video_wish: VideoWish | None = None

    @property
    def is_protected(self) -> bool:
        return self.protection is not Protection.NONE


def is_protected(skydd: str) -> bool:
    """True when a text in the column ``skydd`` says, or may mean, that the identity is protected."""
    return bool(skydd.strip()) and plain(skydd) not in _UNPROTECTED and skydd.strip() != "-"


def read(cells: Cells) -> ClientRow | None:
    extern_id = cells.need("extern_id", read_id)
    first_name = cells.need("förnamn", read_name)
    protection = cells.may("skydd", _read_protection) or Protection.NONE
    protected = is_protected(cells.texts.get("skydd", ""))
    # A protected surname need not be in the file; what the record has is kept then.
    last_name = (cells.may if protected else cells.need)("efternamn", read_name) or ""
    number = cells.may("personnummer", partial(personal_number.parse, today=cells.around.today))
    group = cells.need("grupp", read_name)
    address = cells.may("adress", read_name)
    latitude = cells.may("latitud", read_latitude)
    longitude = cells.may("longitud", read_longitude)
    phone = cells.may("telefon", read_phone)
    language = cells.may("språk", read_language)
    tablet = cells.may("surfplatta", read_yes)
    consent = cells.may("samtycke_video", read_yes)
    lives_with, cohabitant = cells.may("bor_med", _read_cohabitant) or (None, None)
    cohabitant_consent = cells.may("samtycke_bor_med", read_yes)
    consent_how = cells.may("samtycke_hur", _read_given_how)
    ability = cells.may(DECISION, _read_ability)
    decision_by = cells.may(DECIDED_BY, read_name)
    wish = cells.may("vill_ha_video", _read_wish)
    if cohabitant_consent and lives_with is False:
        cells.refuse(
            "samtycke_bor_med", Fault("import.lives_alone", "Här finns ett samtycke, men bor_med säger nej.")
        )
    if cells.given("latitud") != cells.given("longitud"):
        missing = "longitud" if cells.given("latitud") else "latitud"
        cells.refuse(missing, Fault("import.half_coordinate", "Latitud och longitud ska anges båda två."))
    if cells.failed():
        return None
    if protected and latitude is not None:
        latitude = longitude = None
        cells.warn(
            "latitud",
            "import.protected_coordinates",
            "Brukaren har skyddade uppgifter. Koordinaterna sparas inte.",
        )
    return ClientRow(
        extern_id, first_name, last_name, number, group, address, latitude, longitude, phone, language,
        tablet, consent, protection, lives_with, cohabitant, cohabitant_consent, consent_how, ability,
        decision_by, wish,
    )  # fmt: skip


def _read_cohabitant(text: str) -> tuple[bool, str | None]:
    """``nej``, ``ja``, or the name of who lives there too (which means yes)."""
    if plain(text) in {"ensam", "ingen"}:
        return False, None
    try:
        return read_yes(text), None
    except Fault:
        return True, read_name(text)


def _read_given_how(text: str) -> GivenHow:
    """How somebody said yes; that it came with a file is no way of saying it."""
    found = _read_how(text)
    if found not in _HOW_NAMES:
        raise Fault(
            "import.word",
            "”%(found)s” är inget känt val. Välj ett av: %(choices)s.",
            values={"found": text[:40], "choices": ", ".join(_HOW_NAMES.values())},
        )
    return found


def _read_protection(text: str) -> Protection:
    if text.strip() == "-":
        return Protection.NONE
    if text.casefold() in ("ja", "j", "x", "1"):
        raise Fault(
            "import.protection_grade",
            "Skriv vilket skydd: sekretessmarkering, skyddad folkbokföring eller fingerade uppgifter.",
        )
    return _read_grade(text)


def write(row: ClientRow) -> dict[str, str]:
    """The cells of `row`; what `WITHHELD` names is left empty for a protected identity."""
    cells = {
        "extern_id": row.extern_id,
        "förnamn": row.first_name,
        "efternamn": row.last_name,
        "personnummer": row.personal_number.full if row.personal_number else "",
        "grupp": row.group,
        "adress": row.address or "",
        "latitud": "" if row.latitude is None else write_decimal(row.latitude),
        "longitud": "" if row.longitude is None else write_decimal(row.longitude),
        "telefon": row.phone or "",
        "språk": row.language or "",
        "surfplatta": "" if row.tablet is None else write_yes(row.tablet),
        "samtycke_video": "" if row.video_consent is None else write_yes(row.video_consent),
        "skydd": _PROTECTION_NAMES[row.protection],
        "bor_med": "" if row.lives_with is None else row.cohabitant or write_yes(row.lives_with),
        "samtycke_bor_med": "" if row.cohabitant_consent is None else write_yes(row.cohabitant_consent),
        "samtycke_hur": _HOW_NAMES.get(row.consent_how, "") if row.consent_how else "",
        DECISION: _ABILITY_NAMES[row.decision_ability] if row.decision_ability else "",
        DECIDED_BY: row.decision_by or "",
        "vill_ha_video": _WISH_NAMES[row.video_wish] if row.video_wish else "",
    }
    if row.is_protected:
        cells |= dict.fromkeys(WITHHELD, "")
    return cells


def key(row: ClientRow) -> str:
    return row.extern_id
