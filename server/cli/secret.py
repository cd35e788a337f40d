"""Passphrases on the command line: from a file, from standard input or asked for; never an option."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from server.cli.ground import Ground


def read_passphrase(ground: Ground, file: Path | None, *, twice: bool) -> str:
    """The first line of `file`, else of standard input, else what is typed (`twice` when it is new)."""
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    again = ground.say("En gång till") if twice else False
    return str(click.prompt(ground.say("Lösenfras"), hide_input=True, confirmation_prompt=again))
