"""Invented people: short lists of common names. No row is a real person."""

from __future__ import annotations

#: First names of women and men born in the 1930s–50s.
OLDER_WOMEN = (
    "Ingrid", "Margareta", "Karin", "Birgitta", "Kerstin", "Gunvor", "Inga-Lill", "Siv", "Elsa", "Britta",
    "Maj-Britt", "Rut", "Gun", "Astrid", "Barbro", "Ulla", "Solveig", "Anna-Greta", "Märta", "Viola",
    "Gerd", "Berit", "Aina", "Lilly", "Vera", "Gudrun", "Ing-Marie", "Sonja", "Dagny", "Elvira",
)  # fmt: skip
OLDER_MEN = (
    "Nils", "Sven", "Gösta", "Rune", "Bertil", "Åke", "Arne", "Karl-Erik", "Olle", "Lennart", "Stig", "Sture",
    "Folke", "Börje", "Evert", "Harry", "Ragnar", "Tage", "Holger", "Einar", "Lars-Olof", "Yngve",
)  # fmt: skip
FROM_ELSEWHERE = {
    "fi": (("Aino", "Helmi", "Kaarina"), ("Veikko", "Eino", "Toivo")),
    "so": (("Halima", "Faduma"), ("Yusuf", "Abdi")),
    "ar": (("Samira", "Nadia"), ("Khalil", "Ibrahim")),
    "de": (("Hannelore", "Ilse"), ("Dieter", "Heinz")),
    "en": (("Margaret", "Dorothy"), ("Gordon", "Keith")),
}
OLDER_SURNAMES = (
    "Persson", "Olofsson", "Eriksson", "Nilsson", "Jonsson", "Hansson", "Larsson", "Berg", "Sundin",
    "Wiklund",
    "Näslund", "Edlund", "Sjödin", "Norberg", "Backlund", "Hedman", "Strand", "Lindqvist", "Åslund", "Öberg",
    "Forsberg", "Grönlund", "Zetterlund", "Mårtensson", "Göransson", "Bergvall", "Kjellin", "Hemmingsson",
)  # fmt: skip
SURNAMES_FROM_ELSEWHERE = {
    "fi": ("Korhonen", "Mäkinen", "Laine", "Niemi"),
    "so": ("Warsame", "Farah"),
    "ar": ("Haddad", "Mansour"),
    "de": ("Schäfer", "Vogel"),
    "en": ("Walker", "Hughes"),
}
#: Staff: first name, and the language that goes with it besides Swedish (None for Swedish alone).
STAFF_FIRST = (
    ("Anna", None), ("Maria", None), ("Emma", None), ("Johanna", None), ("Lena", None), ("Malin", None),
    ("Elin", None), ("Jessica", None), ("Camilla", None), ("Therese", None), ("Ida", None), ("Sofia", None),
    ("Linnea", None), ("Carina", None), ("Helen", None), ("Frida", None), ("Moa", None), ("Pernilla", None),
    ("Erik", None), ("Jonas", None), ("Mattias", None), ("Oskar", None), ("Anton", None), ("Fredrik", None),
    ("Fatima", "ar"), ("Amina", "so"), ("Hodan", "so"), ("Rana", "ar"), ("Omar", "ar"), ("Mohamed", "so"),
    ("Tiina", "fi"), ("Päivi", "fi"), ("Mika", "fi"), ("Selam", "ti"), ("Yonas", "ti"), ("Natalia", "uk"),
    ("Maryam", "fa"), ("Reza", "fa"), ("Ploy", "th"), ("Suda", "th"), ("Katrin", "de"), ("Emily", "en"),
)  # fmt: skip
STAFF_MEN = frozenset(
    {"Erik", "Jonas", "Mattias", "Oskar", "Anton", "Fredrik", "Omar", "Mohamed", "Mika", "Yonas", "Reza"}
)
STAFF_SURNAMES = (
    "Lindberg", "Andersson", "Ek", "Holm", "Sandström", "Byström", "Fors", "Lundgren", "Hedin", "Nyström",
    "Bergman", "Söderberg", "Westin", "Rask", "Dahlin", "Modin", "Hägglund", "Palm", "Ström", "Åberg",
    "Östman", "Kvist", "Norén", "Frisk", "Lund", "Sahlin",
)  # fmt: skip
STAFF_SURNAMES_FROM_ELSEWHERE = {
    "ar": ("Khoury", "Aziz", "Nasser"),
    "so": ("Hassan", "Osman", "Jama"),
    "fi": ("Virtanen", "Heikkinen", "Koskela"),
    "ti": ("Tesfay", "Haile", "Berhane"),
    "uk": ("Kovalenko", "Shevchuk"),
    "fa": ("Karimi", "Rahimi"),
    "th": ("Srisai", "Chaiya"),
    "de": ("Becker", "Lange"),
    "en": ("Clarke", "Bennett"),
}
#: What a woman and a man can be; the names below are one of each in turn.
RELATIONS = (
    ("dotter", "syster", "barnbarn", "systerdotter", "granne", "god vän"),
    ("son", "bror", "barnbarn", "systerson", "granne", "god vän"),
)
RELATIVES = (
    "Lisa", "Peter", "Marie", "Anders", "Eva", "Mikael", "Susanne", "Thomas", "Åsa", "Henrik", "Monica",
    "Patrik", "Kristina", "Stefan", "Annika", "Ulf",
)  # fmt: skip
IMPORTANT = (
    "Kaffe klockan tre, gärna med en bit sockerkaka.",
    "Hunden Sessan vill hälsa först.",
    "Vill prata om fisket i Revsundssjön.",
    "Lyssnar på radio på förmiddagen. Sänk ljudet innan ni pratar.",
    "Vill välja kläder själv. Ge det tid.",
    "Tycker om att sitta vid fönstret och se på fåglarna.",
    "Läs gärna högt ur tidningen.",
    "Vill höra vem som kommer i morgon.",
    "Har sjungit i kyrkokören i fyrtio år.",
    "Säg till innan du tänder lampan.",
    "Vill helst duscha på tisdagar.",
    "Barnbarnen ringer på söndagar. Påminn gärna om det.",
    "Skogen betyder allt. Fråga om svampen.",
    "Vill ha lugn och ro på morgonen.",
    "Stickar och visar gärna vad som är på gång.",
)
DOOR_NOTES = (
    "Ring på två gånger och vänta.",
    "Dörren kärvar, dra hårt.",
    "Gå in genom altandörren.",
    "Nyckeln finns i nyckelskåpet på kontoret.",
    "Ta av skorna innanför dörren.",
    "Hunden kommer emot dig. Den är snäll.",
    "Sanda trappan om det är halt.",
)
STREETS = ("Demovägen", "Provgatan", "Låtsasvägen", "Exempelstigen", "Påhittsgränd", "Sagovägen")


def phone(number: int) -> str:
    """One of the mobile numbers that PTS keeps free for films and books (070-174 06 05–99)."""
    last = 605 + number % 95
    return f"070-174 0{last // 100} {last % 100:02d}"
