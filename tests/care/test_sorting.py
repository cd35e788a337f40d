"""Swedish order: letters after z, and whole numbers counted."""

from __future__ import annotations

from care.sorting import swedish


def test_letters_of_the_end_and_numbers_stand_as_people_count_them() -> None:
    """å, ä, ö follow z; team 2 stands before team 10; accents decide nothing between other letters."""
    names = ["Öberg", "Zander", "Bräcke 10", "Ärla", "Bräcke 2", "Åkesson", "Bräcke", "Idé", "Idun"]
    assert sorted(names, key=swedish) == [
        "Bräcke", "Bräcke 2", "Bräcke 10", "Idé", "Idun", "Zander", "Åkesson", "Ärla", "Öberg",
    ]  # fmt: skip
