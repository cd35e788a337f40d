"""Words for what is written down about a client."""

from __future__ import annotations

from care.clients import AbsenceKind, DecisionAbility, NoNamed, Protection, VideoWish
from care.consent import ConsentKind, ConsentPerson, GivenHow
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
