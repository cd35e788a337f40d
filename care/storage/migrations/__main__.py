"""Write a revision from the difference between the tables in code and the revisions so far.

    python -m care.storage.migrations "what changes"     the next number
    python -m care.storage.migrations --first            fold them all into a new 0001 (before a release only)

Read the result before it is kept, then run ``ruff format`` on it and the tests in ``tests/care/storage``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from care.storage.migrations import config_for

VERSIONS = Path(__file__).parent / "versions"


def write(message: str) -> Path:
    """Compare with a database that has every revision, and write the next one."""
    number = f"{len(list(VERSIONS.glob('[0-9]*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.sqlite3")
        with engine.begin() as connection:
            config = config_for(connection)
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.upgrade(config, "head")
            command.revision(config, message=message, autogenerate=True, rev_id=number)
        engine.dispose()
    return next(VERSIONS.glob(f"{number}_*.py"))


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    message = arguments[0]
    if message == "--first":
        for old in VERSIONS.glob("[0-9]*.py"):
            old.unlink()
        message = "First tables"
    sys.stdout.write(f"{write(message)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
