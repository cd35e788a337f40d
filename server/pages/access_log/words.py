"""What stands in the access log, in words: for the manager who reviews it, and for the client it is about."""

from __future__ import annotations

from collections.abc import Callable

from care.access.rights import Action, Relation
from server.language import N_
from server.pages.navigation import ROLE_WORDS

ACTIONS: dict[str, str] = {
    Action.CLIENT_LIST.value: N_("Såg i en lista"),
    Action.CLIENT_READ.value: N_("Läste uppgifterna"),
    Action.CLIENT_CHANGE.value: N_("Ändrade uppgifter"),
    Action.CLIENT_OPEN_EMERGENCY.value: N_("Gjorde en nödöppning"),
    Action.CONSENT_CHANGE.value: N_("Antecknade om samtycke eller video"),
    Action.CONTACT_READ.value: N_("Läste om ett besök eller samtal"),
    Action.CONTACT_PLAN.value: N_("Planerade samtal"),
    Action.CONTACT_MOVE.value: N_("Flyttade ett besök eller samtal"),
    Action.CONTACT_PERFORM.value: N_("Utförde eller kvitterade"),
    Action.CONTACT_RESOLVE.value: N_("Redde ut något som inte blev av"),
    Action.CALL_MAKE.value: N_("Ringde"),
    Action.GUEST_INVITE.value: N_("Bjöd in eller släppte in någon i ett samtal"),
    Action.GUEST_JOIN.value: N_("Var med i ett samtal som inbjuden"),
    Action.PLAN_READ.value: N_("Såg i planen"),
    Action.PLAN_CHANGE.value: N_("Ändrade i planen"),
    Action.DISRUPTION_REPORT.value: N_("Anmälde något som har hänt"),
    Action.PROPOSAL_READ.value: N_("Läste ett förslag till ny plan"),
    Action.PROPOSAL_APPROVE.value: N_("Godkände ett förslag till ny plan"),
    Action.TASK_READ.value: N_("Såg bland det som behöver en människa"),
    Action.TASK_CLOSE.value: N_("Avslutade en uppgift"),
    Action.DEVICE_READ.value: N_("Såg bland surfplattorna"),
    Action.DEVICE_CHANGE.value: N_("Ändrade något om surfplattan"),
    Action.IMPORT_RUN.value: N_("Läste in från fil"),
    Action.EXPORT_RUN.value: N_("Hämtade som fil"),
    Action.PRINT_DAY.value: N_("Skrev ut"),
    Action.LOG_READ.value: N_("Läste loggen"),
    Action.LOG_REVIEW.value: N_("Granskade loggen"),
    Action.TABLET_USE.value: N_("Visade på surfplattan"),
    Action.OWN_DAY_READ.value: N_("Öppnade sin dag"),
    Action.OWN_PULSE_WRITE.value: N_("Svarade hur dagen var"),
    Action.SOL_LINE_READ.value: N_("Läste insatser från socialtjänsten"),
    Action.HSL_LINE_READ.value: N_("Läste insatser från hälso- och sjukvården"),
    Action.DELEGATED_RECEIPT.value: N_("Kvitterade en delegerad uppgift"),
    Action.MEASURES_READ.value: N_("Såg uppföljningen"),
    Action.CHECKIN_READ.value: N_("Läste avstämningen"),
    Action.CHECKIN_CHANGE.value: N_("Ändrade i avstämningen"),
    Action.ACCOUNT_MANAGE.value: N_("Skötte konton"),
    "group.manage": N_("Såg eller ändrade gruppernas inställningar"),
    Action.SERVICE_MANAGE.value: N_("Ändrade insatser i katalogen"),
    Action.RETENTION_MANAGE.value: N_("Skötte gallringen"),
    Action.CALL_QUALITY_READ.value: N_("Såg hur samtal gick genom nätet"),
    Action.FAULT_REPORT_READ.value: N_("Läste rapporter om att systemet inte fungerar"),
}
#: Of an action that is younger than these words.
OTHERWISE = N_("Gjorde något annat")
RELATIONS: dict[str, str] = {
    Relation.SELF.value: N_("eget"),
    Relation.OWN_GROUP.value: N_("egen grupp"),
    Relation.OWN_CLIENT.value: N_("känd av brukaren"),
    Relation.ASSIGNED.value: N_("eget besök eller samtal"),
    Relation.NIGHT.value: N_("arbetade natt"),
    Relation.DELEGATED.value: N_("delegerad uppgift"),
    Relation.EMERGENCY.value: N_("nödöppning"),
    Relation.EVERYWHERE.value: N_("hela kommunen"),
    Relation.OWN_TABLET.value: N_("hemmets surfplatta"),
    Relation.OWN_INVITATION.value: N_("egen inbjudan"),
    "none": N_("inget samband"),
}
PURPOSES: dict[str, str] = {
    "care": N_("för omsorgen"),
    "import": N_("inläsning"),
    "emergency": N_("nödläge"),
    "log_review": N_("granskning av loggen"),
    "own_log": N_("brukarens egen lista"),
    "own_log:client": N_("brukarens egen lista, lämnad till brukaren"),
    "own_log:representative": N_("brukarens egen lista, lämnad till en företrädare"),
    "own_log:inquiry": N_("brukarens egen lista, för en utredning"),
    "administration": N_("administration"),
    "paper": N_("utskrift"),
    "follow_up": N_("uppföljning"),
    "right_person": N_("rätt person i samtalet"),
    "retention": N_("gallring"),
    "backup": N_("säkerhetskopia"),
    "emergency_copy": N_("reservkopia om systemet slutar fungera"),
}
#: The same for the client: what somebody did, …
DONE_ABOUT_YOU: dict[str, str] = {
    Action.CLIENT_LIST.value: N_("Såg ditt namn i en lista"),
    Action.CLIENT_READ.value: N_("Läste om dig"),
    Action.CLIENT_CHANGE.value: N_("Ändrade dina uppgifter"),
    Action.CLIENT_OPEN_EMERGENCY.value: N_("Öppnade dina uppgifter i ett nödläge"),
    Action.CONSENT_CHANGE.value: N_("Skrev vad du har sagt ja eller nej till"),
    Action.CONTACT_READ.value: N_("Läste om ett besök eller samtal"),
    Action.CONTACT_PLAN.value: N_("Planerade samtal med dig"),
    Action.CONTACT_MOVE.value: N_("Flyttade ett besök eller samtal"),
    Action.CONTACT_PERFORM.value: N_("Skrev om ett besök eller samtal"),
    Action.CONTACT_RESOLVE.value: N_("Tog reda på varför något inte blev av"),
    Action.CALL_MAKE.value: N_("Ringde dig"),
    Action.PLAN_READ.value: N_("Såg ditt namn i planen"),
    Action.PLAN_CHANGE.value: N_("Ändrade i planen"),
    Action.DISRUPTION_REPORT.value: N_("Skrev att något har hänt"),
    Action.PROPOSAL_READ.value: N_("Läste ett förslag till ny plan"),
    Action.PROPOSAL_APPROVE.value: N_("Bestämde om en ny plan"),
    Action.TASK_READ.value: N_("Såg ditt namn bland det som ska göras"),
    Action.TASK_CLOSE.value: N_("Gjorde klart en uppgift om dig"),
    Action.DEVICE_READ.value: N_("Såg om din surfplatta fungerar"),
    Action.DEVICE_CHANGE.value: N_("Ändrade något om din surfplatta"),
    Action.IMPORT_RUN.value: N_("Läste in uppgifter från ett annat system"),
    Action.EXPORT_RUN.value: N_("Hämtade uppgifter som fil"),
    Action.PRINT_DAY.value: N_("Skrev ut dagens besök på papper"),
    Action.LOG_READ.value: N_("Kontrollerade vem som har läst om dig"),
    Action.LOG_REVIEW.value: N_("Kontrollerade vem som har läst om dig"),
}
OTHERWISE_ABOUT_YOU = N_("Använde dina uppgifter")
#: … and why they could.
WHY_ABOUT_YOU: dict[str, str] = {
    Relation.OWN_GROUP.value: N_("Arbetar i din hemtjänstgrupp"),
    Relation.OWN_CLIENT.value: N_("Är en av dem som brukar hjälpa dig"),
    Relation.ASSIGNED.value: N_("Skulle besöka eller ringa dig"),
    Relation.NIGHT.value: N_("Arbetade den natten"),
    Relation.DELEGATED.value: N_("Har fått en uppgift hos dig av en sjuksköterska"),
    Relation.EMERGENCY.value: N_("Behövde hjälpa dig fast det inte är den egna gruppen"),
    Relation.EVERYWHERE.value: N_("Arbetar för hela kommunen"),
}
OTHERWISE_WHY = N_("Fråga enhetschefen")


def roles_text(roles: str, say: Callable[[str], str]) -> str:
    """The roles of an entry, as ``care_worker,coordinator``, in words."""
    known = {role.value: word for role, word in ROLE_WORDS.items()} | _OTHERS
    return ", ".join(say(known.get(one, one)) for one in roles.split(","))


_OTHERS = {
    "command_line": N_("Kommandoraden"),
    "server": N_("Samtid av sig självt"),
    "none": N_("Ingen roll"),
}
