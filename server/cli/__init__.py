"""The command line: ``samtid COMMAND``. Exit 0 good, 1 failed, 2 bad input (with the place)."""

from __future__ import annotations

from importlib import import_module

import click

#: Command → module with a `command` in it. Loaded only when it is used.
COMMANDS: dict[str, str] = {
    "demo": "server.cli.demo",
    "serve": "server.cli.serve",
    "migrate": "server.cli.migrate",
    "create-admin": "server.cli.create_admin",
    "accounts": "server.cli.accounts",
    "tokens": "server.cli.tokens",
    "import": "server.cli.import_",
    "export": "server.cli.export",
    "plan": "server.cli.plan",
    "measures": "server.cli.measures",
    "tablets": "server.cli.tablets",
    "log": "server.cli.log",
    "backup": "server.cli.backup",
    "restore": "server.cli.restore",
    "keys": "server.cli.keys",
    "openapi": "server.cli.openapi",
    "retention": "server.cli.retention",
    "media-node": "server.cli.media_node",
    "doctor": "server.cli.doctor",
    "config": "server.cli.config",
}


class Commands(click.Group):
    """Finds commands by the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        found = import_module(COMMANDS[cmd_name]).command
        assert isinstance(found, click.Command)  # noqa: S101 - a module of ours without a command
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="samtid", prog_name="samtid")
def main() -> None:
    """Samtid: calls and visits in one plan, for municipal home care."""
