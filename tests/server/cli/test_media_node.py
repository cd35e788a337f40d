"""`samtid media-node` writes a folder that Janus starts from, and says what the server needs."""

from __future__ import annotations

import asyncio
import json
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.configuration import Media
from server.media.janus.probe import Finding, probe
from tests.server.media.conftest import need_janus
from tests.server.media.janus_process import free_port


def written(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["media-node", str(folder), *more], env={"LANG": "C"})


async def test_janus_starts_from_what_was_written(tmp_path: Path) -> None:
    """The printed lines are settings as they stand, and the node that they name opens rooms."""
    need_janus()
    folder = tmp_path / "node"
    ports = "--port", str(free_port()), "--admin-port", str(free_port()), "--ports", "21000", "21999"
    result = written(folder, "--address", "127.0.0.1", *ports)
    assert result.exit_code == 0, result.output
    said = tomllib.loads(result.output[result.output.index("[media]") :])
    media = msgspec.convert(said["media"], Media)
    assert media.engine == "janus"
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "janus", "-F", str(folder), "-C", str(folder / "janus.jcfg"), stdout=log, stderr=log
        )
    try:
        found = await probe(media.nodes[0])
        async with asyncio.timeout(20):
            while found.finding is Finding.AWAY:
                assert process.returncode is None, (tmp_path / "log").read_text()
                await asyncio.sleep(0.05)
                found = await probe(media.nodes[0])
        assert found.finding is Finding.GOOD
    finally:
        process.terminate()
        await process.wait()


def test_each_time_it_is_another_secret(tmp_path: Path) -> None:
    need_janus()
    secrets = [
        json.loads(written(tmp_path / name, "--address", "10.0.0.5", "--json").output)["node"]["secret"]
        for name in "ab"
    ]
    assert secrets[0] != secrets[1]
    assert all(len(secret) >= 32 for secret in secrets)


def test_what_differs_between_nodes_is_written(tmp_path: Path) -> None:
    """Behind a router, with a certificate, a TURN server and one server that may connect."""
    need_janus()
    (tmp_path / "password").write_text('with "quotes"\n', encoding="utf-8")
    result = written(
        tmp_path / "node",
        *("--address", "10.0.0.5", "--public", "203.0.113.7", "--listen", "10.0.0.5", "--allow", "10.0.0.2"),
        *("--certificate", "/etc/node.pem", "--certificate-key", "/etc/node.key"),
        *("--turn", "turn.example:3478", "--turn-user", "node"),
        *("--turn-password-file", str(tmp_path / "password")),
    )
    assert result.exit_code == 0, result.output
    assert "wss://10.0.0.5:8188" in result.output
    text = (tmp_path / "node" / "janus.jcfg").read_text()
    for line in (
        'nat_1_1_mapping = "203.0.113.7"', 'turn_server = "turn.example"', 'turn_pwd = "with \\"quotes\\""',
    ):  # fmt: skip
        assert line in text
    way = (tmp_path / "node" / "janus.transport.websockets.jcfg").read_text()
    for line in ("ws = false", "wss = true", 'ws_acl = "10.0.0.2"', 'cert_pem = "/etc/node.pem"'):
        assert line in way


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--address", "here"), "media_node.address"),
        (("--address", "10.0.0.5", "--ports", "20000", "20050"), "media_node.ports"),
        (("--address", "10.0.0.5", "--turn", "turn.example"), "media_node.turn"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, given: tuple[str, ...], code: str) -> None:
    """Exit 2 with the place, and nothing is written."""
    need_janus()
    result = written(tmp_path / "node", "--json", *given)
    assert result.exit_code == 2
    assert json.loads(result.output)["code"] == code
    assert not (tmp_path / "node").exists()
