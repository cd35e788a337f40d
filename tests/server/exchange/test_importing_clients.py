"""What an import may know of people: consents to confirm, sealed numbers, protected identities."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from care.clients import Client, DecisionAbility, Protection, VideoWish
from care.clock import StandingClock
from care.consent import Consent, ConsentPerson, GivenHow
from care.identity.vault import VAULT_FILE, open_vault
from care.tasks import Task, TaskKind
from server.exchange.kind import FORMATS, Kind
from tests.server.exchange.record import (
    CLIENTS,
    CONTACTS,
    Record,
    counts,
    told,
)


async def test_an_imported_consent_is_not_valid_until_confirmed(record: Record, clock: StandingClock) -> None:
    """Somebody gets the task to ask; a call that waits for it is warned about; a no ends it."""
    await record.fill()
    client = await record.one(Client, Client.extern_id == "b1")
    consent = await record.one(Consent)
    assert (consent.client_id, consent.given_how) == (client.id, GivenHow.IMPORTED)
    assert not consent.valid(clock.now())
    task = await record.one(Task)
    assert (task.kind, task.client_id) == (TaskKind.CONFIRM_CONSENT, client.id)
    again = await record.take(Kind.CONTACTS, CONTACTS.replace("14.30;15", "14.40;15"))
    assert [(one.line, one.code) for one in again.warnings] == [(3, "import.client_consents")]
    refused = CLIENTS.replace("svenska;nej;ja", "svenska;nej;nej")
    assert counts(await record.take(Kind.CLIENTS, refused)) == (0, 1, 1)
    assert (await record.one(Consent)).withdrawn_at == clock.now()
    assert counts(await record.take(Kind.CLIENTS, refused)) == (0, 0, 2)


async def test_a_confirmed_consent_is_not_ended_by_a_file(record: Record, clock: StandingClock) -> None:
    """A person's word goes before; the file's no is told."""
    await record.fill()
    async with record.database.write() as session:
        await session.execute(update(Consent).values(confirmed_at=clock.now()))
    outcome = await record.take(Kind.CLIENTS, CLIENTS.replace("svenska;nej;ja", "svenska;nej;nej"))
    assert "import.consent_stays" in {one.code for one in outcome.warnings}
    assert (await record.one(Consent)).valid(clock.now())


async def test_personal_numbers_are_sealed(record: Record) -> None:
    """Only the vault opens them; a number that another client has is refused."""
    await record.fill()
    client = await record.one(Client, Client.extern_id == "b1")
    assert b"D001" not in client.personal_number_sealed
    vault = open_vault(record.folder / VAULT_FILE)
    assert vault.unseal(client.personal_number_sealed, about=str(client.id)) == "19400107-D001"
    assert client.birth_date.isoformat() == "1940-01-07"
    twin = CLIENTS.split("\n", maxsplit=1)[0] + "\nb3;Nils;Ny;19400107D001;Bräcke;;;;;;;;\n"
    assert told(await record.take(Kind.CLIENTS, twin)) == [(2, "personnummer", "import.known_number")]


async def test_a_file_can_protect_an_identity_but_not_expose_it(record: Record) -> None:
    """Protection is raised at once, place forgotten; it is never lowered, nor what was withheld erased."""
    await record.fill()
    raised = CLIENTS.replace(";nej;ja;\n", ";nej;ja;skyddad folkbokföring\n")
    await record.take(Kind.CLIENTS, raised)
    client = await record.one(Client, Client.extern_id == "b1")
    assert (client.protection, client.latitude, client.longitude) == (
        Protection.PROTECTED_REGISTRATION,
        None,
        None,
    )
    lowered = "extern_id;förnamn;efternamn;grupp;adress;telefon;skydd\nb2;Eva;;Bräcke;;;\n"
    assert told(await record.take(Kind.CLIENTS, lowered)) == [(2, "efternamn", "import.missing_value")]
    lowered = lowered.replace("Eva;;", "Eva;Hemlig;")
    outcome = await record.take(Kind.CLIENTS, lowered)
    assert [one.code for one in outcome.warnings] == ["import.protection_stays"]
    kept = await record.one(Client, Client.extern_id == "b2")
    assert (kept.protection, kept.address) == (Protection.CONFIDENTIALITY_MARK, "Dolda vägen 1")


async def test_the_error_file_hides_whom_the_record_protects(record: Record) -> None:
    """Even when the file itself has forgotten the protection."""
    await record.fill()
    text = "extern_id;förnamn;efternamn;grupp;adress;språk\nb2;Eva;Hemlig;Bräcke;Dolda vägen 1;grötska\n"
    outcome = await record.take(Kind.CLIENTS, text)
    raw = (outcome.error_file() or b"").decode()
    assert "b2" in raw
    assert "Hemlig" not in raw
    assert "Dolda" not in raw


HOME = (
    "extern_id;förnamn;efternamn;grupp;samtycke_video;bor_med;samtycke_bor_med;samtycke_hur;beslutsförmåga;"
    "bedömd_av;vill_ha_video\n"
)


async def test_who_lives_there_decides_and_wishes_come_with_the_file(record: Record) -> None:
    """Both consents wait to be confirmed, as they were given, with one task; twice changes nothing."""
    line = "b7;Olle;Ny;Bräcke;ja;Åke Ny;ja;skriftligt;egen;Eva Handläggare;ja\n"
    assert counts(await record.take(Kind.CLIENTS, HOME + line)) == (1, 0, 0)
    client = await record.one(Client, Client.extern_id == "b7")
    assert (client.lives_alone, client.cohabitant_name) == (False, "Åke Ny")
    assert (client.decision_ability, client.decision_by) == (DecisionAbility.OWN, "Eva Handläggare")
    assert (client.decision_on, client.video_wish) == (record.clock.today(), VideoWish.YES)
    for person in ConsentPerson:
        consent = await record.one(Consent, Consent.person == person)
        assert (consent.given_how, consent.confirmed_at) == (GivenHow.SIGNED, None)
    assert (await record.one(Task)).kind is TaskKind.CONFIRM_CONSENT
    assert counts(await record.take(Kind.CLIENTS, HOME + line)) == (0, 0, 1)
    gone = line.replace("Åke Ny;ja", "nej;nej")
    assert counts(await record.take(Kind.CLIENTS, HOME + gone)) == (0, 1, 0)
    client = await record.one(Client, Client.extern_id == "b7")
    assert (client.lives_alone, client.cohabitant_name) == (True, None)
    assert (await record.one(Consent, Consent.person == ConsentPerson.COHABITANT)).withdrawn_at is not None


async def test_what_cannot_be_is_said_at_its_cell(record: Record) -> None:
    """Words that are none, a consent of nobody, and a decision that nobody has made."""
    lines = [
        "c1;Olle;Ny;Bräcke;;nej;ja;;;;",
        "c2;Olle;Ny;Bräcke;ja;;;inläst;;;",
        "c3;Olle;Ny;Bräcke;ja;;;imported;;;",
        "c4;Olle;Ny;Bräcke;;;;;kanske;;",
        "c5;Olle;Ny;Bräcke;;;;;egen;;",
        "c6;Olle;Ny;Bräcke;;;;;;;ibland",
    ]
    outcome = await record.take(Kind.CLIENTS, HOME + "\n".join(lines) + "\n")
    assert told(outcome) == [
        (2, "samtycke_bor_med", "import.lives_alone"),
        (3, "samtycke_hur", "import.word"),
        (4, "samtycke_hur", "import.word"),
        (5, "beslutsförmåga", "import.word"),
        (6, "bedömd_av", "import.decision_by"),
        (7, "vill_ha_video", "import.word"),
    ]


async def test_a_file_does_not_overrule_what_was_settled_here(record: Record) -> None:
    """Who decides, and a no to video, are told of and stay; a no in the file is taken."""
    line = "b7;Olle;Ny;Bräcke;;;;;med stöd;Eva Handläggare;nej\n"
    await record.take(Kind.CLIENTS, HOME + line)
    outcome = await record.take(Kind.CLIENTS, HOME + line.replace("med stöd", "egen").replace("nej", "ja"))
    assert {one.code for one in outcome.warnings} >= {"import.decision_stays", "import.wish_stays"}
    client = await record.one(Client, Client.extern_id == "b7")
    assert (client.decision_ability, client.video_wish) == (DecisionAbility.WITH_SUPPORT, VideoWish.NO)


async def test_the_example_is_read_without_a_word(record: Record) -> None:
    """Every column of the documented format, and nothing wrong in any line."""
    text = (Path(__file__).parents[3] / "examples" / "clients.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0].split(";") == [column.name for column in FORMATS[Kind.CLIENTS].standard]
    outcome = await record.take(Kind.CLIENTS, text)
    assert (told(outcome), counts(outcome)) == ([], (3, 0, 0))
