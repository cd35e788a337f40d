"""Packages that were cut, changed, sealed with something else, or never ours: words, and nothing touched."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from care.clock import StandingClock
from care.errors import Fault
from care.identity.vault import VAULT_FILE, open_vault
from care.storage.database import SQLITE_FILE
from server.configuration import Configuration
from server.operations.backup import package
from server.operations.backup.making import make
from server.operations.backup.manifest import NAME, read
from server.operations.backup.restoring import look, restore
from server.operations.backup.sealing import Key, Lock, new_key
from server.running import only_one
from tests.postgres import in_thread

PHRASE = "snö sked lampa vind"
SECRET = 'allow_password_login = true\npublic_url = "https://samtid.example.invalid"\n'


@dataclass
class Made:
    """A data folder with everything in it, and backups of it."""

    home: Path
    folder: Path
    clock: StandingClock

    def backup(self, name: str, lock: Lock | None = None, *, with_keys: bool = False) -> Path:
        to = self.folder / name
        if not to.exists():
            in_thread(make(Configuration(data=self.home), self.clock, to, lock, with_keys=with_keys))
        return to


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / SQLITE_FILE).write_bytes(sqlite_template.read_bytes())
    (home / "samtid.toml").write_text(SECRET)
    (home / "demo.json").write_text("{}")
    (home / "demo.key").write_text("demo")
    open_vault(home / VAULT_FILE)
    return Made(home, folder, StandingClock(datetime(2026, 12, 1, 6, 40)))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o700)
    return folder


def answering(key: Key) -> Callable[[bool], Key]:
    return lambda _: key


def code_of(file: Path, key: Key, empty: Path, *, replace: bool = False) -> str:
    """What a restore into `empty` is refused with; the folder is as it was."""
    before = names(empty) - {"samtid.lock"}
    with pytest.raises(Fault) as fault:
        in_thread(restore(Configuration(data=empty), file, answering(key), replace=replace))
    assert names(empty) - {"samtid.lock"} == before
    return fault.value.code


def test_an_open_backup_holds_the_database_and_no_secret(made: Made) -> None:
    """Settings and keys may be secret: they are named as left out. Demo secrets never go along. Mode 0600."""
    file = made.backup("open")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == [NAME, SQLITE_FILE]
        taken = tar.extractfile(NAME)
        assert taken is not None
        text = taken.read().decode()
    assert all(f'"{name}"' in text for name in ("samtid.toml", "vault.json", "demo.json", "demo.key"))
    assert b"allow_password_login" not in file.read_bytes()


def test_keys_go_along_only_when_asked_for_and_sealed(made: Made, empty: Path) -> None:
    """Without a lock it is refused; without the question they stay at home."""
    with pytest.raises(Fault) as fault:
        made.backup("never", with_keys=True)
    assert fault.value.code == "backup.keys_unsealed"
    assert not (made.folder / "never").exists()
    key = Key(passphrase=PHRASE)
    file = made.backup("phrase", Lock(passphrase=PHRASE))
    assert sorted(look(file, empty, answering(key)).files) == [SQLITE_FILE, "samtid.toml"]


def test_everything_comes_back_from_a_sealed_backup(made: Made, empty: Path) -> None:
    """Database, settings and keys, each for its owner alone; the keys open what they sealed."""
    sealed = open_vault(made.home / VAULT_FILE).seal("19400107-D001", about="a")
    file = made.backup("whole", Lock(passphrase=PHRASE), with_keys=True)
    assert b"allow_password_login" not in file.read_bytes()
    done = in_thread(
        restore(Configuration(data=empty), file, answering(Key(passphrase=PHRASE)), replace=False)
    )
    assert done.has_keys
    assert open_vault(empty / VAULT_FILE).unseal(sealed, about="a") == "19400107-D001"
    assert (empty / "samtid.toml").read_text() == SECRET
    for path in empty.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_any_age_program_opens_it(made: Made, tmp_path: Path) -> None:
    """A municipality can open its backup without this program: tar, age, tar."""
    secret, public = new_key()
    file = made.backup("recipient", Lock(recipient=public))
    with tarfile.open(file) as tar:
        content = tar.extractfile("content.age")
        assert content is not None
        plain = pyrage.decrypt(content.read(), [pyrage.x25519.Identity.from_str(secret)])
    with tarfile.open(fileobj=io.BytesIO(plain)) as inner:
        assert SQLITE_FILE in inner.getnames()


def test_wrong_or_missing_secrets_are_told_apart(made: Made, empty: Path) -> None:
    """Wrong passphrase, no passphrase, wrong key, no key, and a key that is none."""
    phrase = made.backup("phrase", Lock(passphrase=PHRASE))
    assert code_of(phrase, Key(passphrase="fel fras helt och hållet"), empty) == "backup.wrong_passphrase"
    assert code_of(phrase, Key(), empty) == "backup.needs_passphrase"
    _, public = new_key()
    other, _ = new_key()
    sealed = made.backup("to a key", Lock(recipient=public))
    assert code_of(sealed, Key(identity=other), empty) == "backup.wrong_key"
    assert code_of(sealed, Key(), empty) == "backup.needs_key"
    assert code_of(sealed, Key(identity="# nothing here\n"), empty) == "backup.bad_key"
    with pytest.raises(Fault) as fault:
        made.backup("short", Lock(passphrase="kort"))
    assert fault.value.code == "backup.short_passphrase"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_changed_bit_anywhere_is_noticed(made: Made, tmp_path: Path, where: float, bit: int) -> None:
    """In the data, in tar's own heads and padding, in the closing block."""
    whole = made.backup("open").read_bytes()
    at = int(len(whole) * where)
    changed = tmp_path / "changed"
    changed.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
    with pytest.raises(Fault) as fault, package.opened(changed):
        pass
    assert fault.value.code == "backup.damaged"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_cut_file_is_noticed(made: Made, tmp_path: Path, where: float) -> None:
    """Wherever it was cut; what is too short to be a package at all is called foreign."""
    whole = made.backup("open").read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: int(len(whole) * where)])
    with pytest.raises(Fault) as fault, package.opened(cut):
        pass
    assert fault.value.code == (
        "backup.foreign" if cut.stat().st_size < 3 * package.BLOCK else "backup.damaged"
    )


def test_damage_that_was_summed_anew_is_noticed_by_the_manifest(
    made: Made, empty: Path, tmp_path: Path
) -> None:
    """Somebody changes a row and repacks: the file's checksum in the manifest tells."""
    with package.opened(made.backup("open")) as tar:
        package.take(tar, NAME, tmp_path / NAME)
        package.take(tar, SQLITE_FILE, tmp_path / SQLITE_FILE)
    raw = bytearray((tmp_path / SQLITE_FILE).read_bytes())
    raw[-1] ^= 1
    (tmp_path / SQLITE_FILE).write_bytes(raw)
    package.write(tmp_path / "again", {NAME: tmp_path / NAME, SQLITE_FILE: tmp_path / SQLITE_FILE})
    assert code_of(tmp_path / "again", Key(), empty) == "backup.damaged"


def test_names_that_climb_are_never_written(made: Made, empty: Path, tmp_path: Path) -> None:
    """Only names that we know are taken out, whatever a manifest says."""
    with package.opened(made.backup("open")) as tar:
        package.take(tar, NAME, tmp_path / NAME)
        package.take(tar, SQLITE_FILE, tmp_path / SQLITE_FILE)
    manifest = read(tmp_path / NAME)
    climbing = {**manifest.files, "../outside": manifest.files[SQLITE_FILE]}
    msgspec.structs.replace(manifest, files=climbing).write(tmp_path / NAME)
    members = {name: tmp_path / name for name in (NAME, SQLITE_FILE)}
    package.write(tmp_path / "climbing", {**members, "../outside": tmp_path / SQLITE_FILE})
    assert code_of(tmp_path / "climbing", Key(), empty) == "backup.damaged"
    assert not (empty.parent / "outside").exists()


def test_a_backup_of_a_newer_program_is_refused(made: Made, empty: Path, tmp_path: Path) -> None:
    """Its tables are unknown here."""
    with package.opened(made.backup("open")) as tar:
        package.take(tar, NAME, tmp_path / NAME)
        package.take(tar, SQLITE_FILE, tmp_path / SQLITE_FILE)
    newer = msgspec.structs.replace(read(tmp_path / NAME), schema="9999_of_tomorrow")
    newer.write(tmp_path / NAME)
    package.write(tmp_path / "newer", {NAME: tmp_path / NAME, SQLITE_FILE: tmp_path / SQLITE_FILE})
    assert code_of(tmp_path / "newer", Key(), empty) == "restore.newer"


def test_what_is_there_is_never_lost(made: Made, empty: Path) -> None:
    """A filled folder is refused; with replace the old files lie aside; not while a server runs there."""
    file = made.backup("open")
    (empty / SQLITE_FILE).write_text("something else")
    assert code_of(file, Key(), empty) == "restore.not_empty"
    with only_one(empty):
        assert code_of(file, Key(), empty, replace=True) == "data.in_use"
    done = in_thread(restore(Configuration(data=empty), file, answering(Key()), replace=True))
    assert done.moved_to is not None
    assert (done.moved_to / SQLITE_FILE).read_text() == "something else"
    assert (empty / SQLITE_FILE).read_bytes().startswith(b"SQLite format 3")


def test_a_damaged_backup_moves_nothing_aside(made: Made, empty: Path, tmp_path: Path) -> None:
    """It is checked before anything is touched."""
    (empty / SQLITE_FILE).write_text("something else")
    cut = tmp_path / "cut"
    cut.write_bytes(made.backup("open").read_bytes()[:-1000])
    assert code_of(cut, Key(), empty, replace=True) == "backup.damaged"


def test_any_other_file_is_called_foreign(empty: Path, tmp_path: Path) -> None:
    """A photograph is not a damaged backup, and a missing file is missing."""
    other = tmp_path / "photo"
    other.write_bytes(os.urandom(5000))
    assert code_of(other, Key(), empty) == "backup.foreign"
    assert code_of(tmp_path / "nowhere", Key(), empty) == "backup.missing"


def test_a_backup_is_never_written_over(made: Made) -> None:
    """Nor into a folder that is not there."""
    made.backup("open")
    for name, code in (("open", "backup.exists"), ("no/such", "backup.no_folder")):
        with pytest.raises(Fault) as fault:
            in_thread(
                make(Configuration(data=made.home), made.clock, made.folder / name, None, with_keys=False)
            )
        assert fault.value.code == code
