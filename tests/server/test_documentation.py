"""The reference pages say what the code does: rights, errors, settings and commands."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec

from server.cli import COMMANDS, main
from server.configuration import _NOT_SETTINGS, Configuration, Media, OpenId, Sms, Turn, Webhook
from server.media.janus.address import NodeAddress
from tests import reference

DOCS = reference.ROOT / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_permissions_are_the_table_the_server_asks() -> None:
    """After a change of rights: python -m tests.reference."""
    assert read("permissions.md") == reference.permissions()


def test_every_error_is_listed_with_its_sentence() -> None:
    """After a new or changed fault: python -m tests.reference."""
    assert read("errors.md") == reference.errors()


def test_codes_are_stable_words() -> None:
    """Lower case, with dots between parts: made for programs, not for people."""
    odd = {one.code for one in reference.faults() if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", one.code)}
    assert odd == set()


def test_every_setting_is_described_with_its_default() -> None:
    """The page names exactly the settings there are."""
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", read("configuration.md"), re.MULTILINE))
    defaults = {
        field.name: field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        for field in msgspec.structs.fields(Configuration)
    }
    assert set(rows) == set(defaults)
    for name, default in defaults.items():
        said = rows[name].strip("`")
        words = {"": "empty", "None": "none", "True": "true", "False": "false"}
        expected = words.get(str(default), str(default))
        assert said == expected, name
    for table in (Turn, Media, NodeAddress, OpenId, Webhook, Sms):
        for field in msgspec.structs.fields(table):
            assert f"`{field.name}`" in read("configuration.md")
    for name in _NOT_SETTINGS:
        assert f"`{name}`" in read("configuration.md")


def test_every_command_takes_data_and_json_and_has_help() -> None:
    """One way for all: --data (SAMTID_DATA), --json, and a sentence of help."""

    def check(name: str, command: click.Command) -> None:
        assert command.help, name
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                check(f"{name} {inner.name}", inner)
            return
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--data", "--json"} <= options, name
        data = next(parameter for parameter in command.params if "--data" in parameter.opts)
        assert data.envvar == "SAMTID_DATA", name

    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        check(name, command)


def test_docs_name_no_machine() -> None:
    """Nothing of a developer's machine has come into the pages."""
    for path in Path(DOCS).glob("*.md"):
        assert not re.search(r"/(home|root|Users|tmp)/", path.read_text(encoding="utf-8")), path.name
