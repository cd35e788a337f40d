"""`samtid doctor` proves each node by using it, and says in words what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from care.errors import Fault
from server.configuration import read_configuration
from server.media.janus import folder
from server.media.janus.address import NodeAddress, check_nodes, is_private
from server.media.janus.probe import Finding, probe
from server.operations.check import Verdict
from server.operations.media_nodes import examine_nodes
from tests.server.media.conftest import need_janus
from tests.server.media.janus_process import JanusProcess, free_port


async def test_a_node_with_our_configuration_is_good(janus: JanusProcess) -> None:
    found = await probe(janus.node)
    assert found.finding is Finding.GOOD
    assert found.version


async def test_each_fault_of_a_node_is_named(janus: JanusProcess) -> None:
    """Nobody there, a wrong secret, no figures: three findings, three sentences."""
    url, secret = janus.node.url, janus.node.secret
    nobody = NodeAddress(url=f"ws://127.0.0.1:{free_port()}", secret=secret)
    guessed = NodeAddress(url=url, secret="guessed guessed guessed")
    blind = NodeAddress(url=url, secret=secret, admin_url=nobody.url)
    found = [(await probe(one)).finding for one in (nobody, guessed, blind)]
    assert found == [Finding.AWAY, Finding.NOT_LET_IN, Finding.NO_FIGURES]
    checks = [check async for check in examine_nodes([janus.node, nobody, guessed, blind])]
    assert [check.verdict for check in checks] == [
        Verdict.GOOD, Verdict.BAD, Verdict.BAD, Verdict.WARNING,
    ]  # fmt: skip
    assert len({check.sentence for check in checks}) == 4


async def test_a_node_with_rooms_by_number_only_is_found_unfit(far: str) -> None:
    """A configuration that is not ours: it answers, but opens no room with a name."""
    need_janus()
    process = JanusProcess(far)
    try:
        process.start()
        process.kill()
        installed = folder.programs()
        assert installed is not None
        text = folder.files(process.folder, process.settings, installed)["janus.plugin.videoroom.jcfg"]
        process.start(changed={"janus.plugin.videoroom.jcfg": text.replace("string_ids = true", "")})
        assert (await probe(process.node)).finding is Finding.ROOMS
        process.kill()
        process.start(changed={"janus.jcfg": process.without_rooms()})
        assert (await probe(process.node)).finding is Finding.PLUGIN
    finally:
        process.stop()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('engine = "janus"', "configuration.media_nodes"),
        ('engine = "other"', "configuration.bad"),
        ('[[media.nodes]]\nurl = "http://x"\nsecret = "0123456789abcdef"', "configuration.media_node"),
        ('[[media.nodes]]\nurl = "ws://a:b@x"\nsecret = "0123456789abcdef"', "configuration.media_node"),
        ('[[media.nodes]]\nurl = "ws://x"\nsecret = "short"', "configuration.media_node_secret"),
        ('[[media.nodes]]\nurl = "ws://x"\nsecret = "0123456789abcdef"\ncolour = 1', "configuration.bad"),
    ],
)
def test_a_node_that_cannot_be_is_refused_at_the_start(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "samtid.toml").write_text(f"[media]\n{text}\n", encoding="utf-8")
    with pytest.raises(Fault) as refused:
        read_configuration(tmp_path, {})
    assert refused.value.code == code


def test_the_same_node_twice_is_a_mistake() -> None:
    node = NodeAddress(url="wss://x", secret="0123456789abcdef")
    check_nodes([node])
    with pytest.raises(Fault, match=r"configuration\.media_node_secret"):
        check_nodes([node, node])


def test_an_open_way_is_private_only_on_the_own_net() -> None:
    assert all(
        map(is_private, ("wss://janus.example", "ws://10.0.0.5:8188", "ws://127.0.0.1", "ws://[::1]:1"))
    )
    assert not any(map(is_private, ("ws://janus.example:8188", "ws://8.8.8.8:8188")))
