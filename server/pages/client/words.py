"""Words for what is written down about a client."""

from __future__ import annotations

from care.clients import AbsenceKind, DecisionAbility, NoNamed, Protection, VideoWish
from care.consent import ConsentKind, ConsentPerson, GivenHow
from care.devices import DeviceEnd, InstallStep
from care.suitability import Reason, Suits
from server.language import N_

CONSENTS = {
    ConsentKind.DIGITAL_VISIT: N_("Besök på video"),
    ConsentKind.AUTO_ANSWER: N_("Skärmen svarar själv"),
    ConsentKind.CAMERA_CHECK: N_("Tillsyn med kamera"),
    ConsentKind.RELATIVE_CALLS: N_("Samtal med anhöriga"),
    ConsentKind.GROUP_ACTIVITY: N_("Grupp på video"),
    ConsentKind.PHOTO: N_("Bild visas för personalen"),
    ConsentKind.DEVICE_EVENTS: N_("Hjälpmedel får rapportera"),
}
PERSONS = {ConsentPerson.CLIENT: N_("Personen själv"), ConsentPerson.COHABITANT: N_("Den som bor där")}
HOW = {
    GivenHow.ORAL: N_("Muntligt"),
    GivenHow.SIGNED: N_("Skriftligt"),
    GivenHow.WITH_SUPPORT: N_("Med stöd"),
    GivenHow.IMPORTED: N_("Inläst"),
}
#: How a consent may be given to a person; "inläst" is what a file does.
HOW_GIVEN = (GivenHow.ORAL, GivenHow.SIGNED, GivenHow.WITH_SUPPORT)
ABILITIES = {
    DecisionAbility.OWN: N_("Bestämmer själv"),
    DecisionAbility.WITH_SUPPORT: N_("Bestämmer med stöd"),
    DecisionAbility.REPRESENTATIVE: N_("En företrädare bestämmer"),
    DecisionAbility.UNCLEAR: N_("Oklart vem som bestämmer"),
}
WISHES = {
    VideoWish.YES: N_("Vill ha video"),
    VideoWish.NO: N_("Vill inte ha video"),
    VideoWish.UNKNOWN: N_("Inte antecknat"),
}
ABSENCES = {
    AbsenceKind.HOSPITAL: N_("Sjukhus"),
    AbsenceKind.DAY_CENTRE: N_("Dagverksamhet"),
    AbsenceKind.TRAVEL: N_("Resa"),
    AbsenceKind.RELIEF: N_("Avlösning eller korttid"),
    AbsenceKind.OTHER: N_("Annat"),
}
PROTECTIONS = {
    Protection.CONFIDENTIALITY_MARK: N_("Sekretessmarkering"),
    Protection.PROTECTED_REGISTRATION: N_("Skyddad folkbokföring"),
    Protection.ASSUMED_IDENTITY: N_("Fingerade personuppgifter"),
}
NO_NAMED = {
    NoNamed.UNNECESSARY: N_("Uppenbart obehövligt"),
    NoNamed.DECLINED: N_("Personen har tackat nej"),
}
SUITS = {
    Suits.YES: N_("Passar"),
    Suits.WITH_HELP: N_("Passar med hjälp"),
    Suits.NO: N_("Passar inte"),
}
REASONS = {
    Reason.SIGHT: N_("Synen"),
    Reason.HEARING: N_("Hörseln"),
    Reason.HANDS: N_("Händerna"),
    Reason.MEMORY: N_("Minnet"),
    Reason.WORRY: N_("Oro för skärmen"),
    Reason.LANGUAGE: N_("Språket"),
    Reason.NETWORK: N_("Nät eller täckning"),
    Reason.PLACE: N_("Plats och ljus hemma"),
    Reason.OWN_WISH: N_("Egen önskan"),
}
STEPS = {
    InstallStep.CHARGER: N_("Laddaren sitter fast"),
    InstallStep.NETWORK: N_("Nätet räcker där den står"),
    InstallStep.LIGHT: N_("Ljuset faller på ansiktet"),
    InstallStep.VOLUME: N_("Ljudet är lagom högt"),
    InstallStep.HEARING_AID: N_("Hörapparaten fungerar ihop"),
    InstallStep.HELPER: N_("Någon hjälper till hemma"),
    InstallStep.TEST_CALL: N_("Provsamtal är gjort"),
}
ENDS = {
    DeviceEnd.RETURNED: N_("Återlämnad"),
    DeviceEnd.LOST: N_("Förlorad"),
    DeviceEnd.REPLACED: N_("Utbytt"),
    DeviceEnd.OTHER: N_("Tagen ur bruk"),
}
