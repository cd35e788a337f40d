"""The service catalogue and the goal types of the demo (domain 5.5 and 1.1 #13).

Minutes are Kristianstad's; codes, classes and priorities are our own. Health care orders carry minutes set by
hand; here stand the demo's. The kiosk words are neutral: the screen stands in a living room.
"""

from __future__ import annotations

from dataclasses import dataclass

from care.services import DigitalClass, Law, Priority

HANDS, POSSIBLE, FIRST, EXTERNAL = (
    DigitalClass.HANDS_REQUIRED,
    DigitalClass.DIGITAL_POSSIBLE,
    DigitalClass.DIGITAL_FIRST,
    DigitalClass.EXTERNAL,
)
SOL, HSL, NONE = Law.SOL, Law.HSL, Law.NONE
P1, P2, P3, P4 = Priority.P1, Priority.P2, Priority.P3, Priority.P4

CARE, SAFETY, SOCIAL = "Personlig omvårdnad", "Trygghet", "Social och fysisk aktivitet"
MEAL, HOUSEHOLD, HEALTH, INTERNAL = "Måltid och inköp", "Hushåll", "Hälsa", "Internt"

#: code, Swedish, English, receipt order
GOALS = (
    ("medication", "Läkemedel", "Medication"),
    ("meal", "Måltid", "Meal"),
    ("wellbeing_check", "Lägeskoll", "Wellbeing check"),
    ("social", "Samvaro", "Social contact"),
    ("activity", "Aktivitet", "Activity"),
    ("follow_up", "Uppföljning", "Follow-up"),
    ("personal_care", "Personlig omvårdnad", "Personal care"),
    ("household", "Hushåll", "Household"),
    ("weekly_checkin", "Veckoavstämning", "Weekly check-in"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One service code. `window` is minutes before and after."""

    code: str
    name_sv: str
    name_en: str
    law: Law
    cluster: str
    minutes: int
    window: int
    digital: DigitalClass
    goal: str
    priority: Priority
    word: str
    video_minutes: int | None = None
    delegated: bool = False


CATALOGUE = (
    Entry("PV-MOR", "Morgonhjälp", "Morning help", SOL, CARE,
          15, 45, HANDS, "personal_care", P1, "Morgonhjälp"),
    Entry("PV-MID", "Middagshjälp", "Midday help", SOL, CARE,
          15, 45, HANDS, "personal_care", P1, "Middagshjälp"),
    Entry("PV-KVA", "Kvällshjälp", "Evening help", SOL, CARE,
          15, 45, HANDS, "personal_care", P1, "Kvällshjälp"),
    Entry("PV-DUS", "Dusch", "Shower", SOL, CARE,
          40, 90, HANDS, "personal_care", P3, "Besök"),
    Entry("PV-NAT", "Natthjälp", "Night help", SOL, CARE,
          5, 30, HANDS, "personal_care", P1, "Nattbesök"),
    Entry("TI-DAG", "Tillsyn dag", "Safety check", SOL, SAFETY,
          15, 30, POSSIBLE, "wellbeing_check", P2, "Samtal", 5),
    Entry("TI-NAT", "Nattillsyn kamera", "Night camera check", SOL, SAFETY,
          1, 15, EXTERNAL, "wellbeing_check", P2, "Tillsyn"),
    Entry("TI-TEL", "Telefontjänst", "Reassurance call", SOL, SAFETY,
          5, 30, FIRST, "wellbeing_check", P2, "Samtal", 5),
    Entry("SO-SAM", "Social samvaro", "Companionship call", SOL, SOCIAL,
          45, 30, FIRST, "social", P3, "Pratstund", 15),
    Entry("SO-AKT", "Social och fysisk aktivitet", "Social or physical activity", SOL, SOCIAL,
          45, 120, HANDS, "activity", P3, "Aktivitet"),
    Entry("SO-STO", "Stolgymnastik", "Guided chair exercise", SOL, SOCIAL,
          20, 60, POSSIBLE, "activity", P3, "Gymnastik", 20),
    Entry("SO-GRP", "Digital grupp", "Group call", SOL, SOCIAL,
          45, 0, FIRST, "social", P3, "Gruppsamtal", 30),
    Entry("MA-STO", "Måltidsstöd, sällskap", "Meal company", SOL, MEAL,
          20, 20, POSSIBLE, "meal", P2, "Måltid", 20),
    Entry("MA-PAM", "Påminnelse måltid och vätska", "Meal and drink reminder", SOL, MEAL,
          5, 20, FIRST, "meal", P2, "Måltid", 5),
    Entry("MA-INK", "Inköp", "Shopping", SOL, MEAL,
          45, 180, HANDS, "household", P3, "Inköp"),
    Entry("MA-BES", "Beställa varor tillsammans", "Order groceries together", SOL, MEAL,
          20, 120, POSSIBLE, "household", P3, "Samtal", 20),
    Entry("HE-STA", "Städning", "Cleaning", SOL, HOUSEHOLD,
          70, 180, HANDS, "household", P4, "Städning"),
    Entry("HE-TVA", "Tvätt", "Laundry", SOL, HOUSEHOLD,
          20, 180, HANDS, "household", P4, "Tvätt"),
    Entry("HE-BAD", "Bäddning", "Bed making", SOL, HOUSEHOLD,
          10, 120, HANDS, "household", P4, "Besök"),
    Entry("HE-DIS", "Disk och sopor", "Dishes and waste", SOL, HOUSEHOLD,
          10, 120, HANDS, "household", P4, "Besök"),
    Entry("HE-POS", "Tidning och post", "Newspaper and mail", SOL, HOUSEHOLD,
          5, 120, HANDS, "household", P4, "Besök"),
    Entry("HS-PAM", "Läkemedelspåminnelse", "Medication reminder", HSL, HEALTH,
          4, 15, POSSIBLE, "medication", P2, "Påminnelse", 4),
    Entry("HS-OVL", "Läkemedelsöverlämnande", "Medication administration", HSL, HEALTH,
          8, 30, HANDS, "medication", P1, "Besök", delegated=True),
    Entry("HS-ROB", "Läkemedelsrobot", "Dispenser watch", HSL, HEALTH,
          5, 30, EXTERNAL, "medication", P2, "Påminnelse"),
    Entry("HS-STR", "Stödstrumpor", "Compression stockings", HSL, HEALTH,
          10, 30, HANDS, "personal_care", P2, "Besök", delegated=True),
    Entry("HS-SAR", "Sårvård", "Wound care", HSL, HEALTH,
          20, 30, HANDS, "personal_care", P2, "Besök", delegated=True),
    Entry("HS-INS", "Insulin", "Insulin", HSL, HEALTH,
          10, 30, HANDS, "medication", P1, "Besök", delegated=True),
    Entry("HS-UPF", "Kort uppföljning", "Short follow-up", HSL, HEALTH,
          10, 60, FIRST, "follow_up", P2, "Samtal", 10),
    Entry("CH-VEC", "Veckoavstämning", "Weekly check-in", NONE, INTERNAL,
          10, 0, FIRST, "weekly_checkin", P4, "Möte", 10),
)  # fmt: skip
BY_CODE = {entry.code: entry for entry in CATALOGUE}
