"""The networks do what they say, and are gone afterwards, also when a test fails in the middle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.network import Network, Place

pytestmark = pytest.mark.usefixtures("networks")

#: Sends packets and counts what comes back: prints number and mean milliseconds.
_ASK = """
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
    line.settimeout(float(sys.argv[3]))
    took = []
    for n in range(int(sys.argv[2])):
        begun = time.monotonic()
        line.sendto(str(n).encode(), (sys.argv[1], 4000))
        try:
            # What comes too late is not taken for the next one's.
            while line.recv(99) != str(n).encode():
                pass
            took.append(time.monotonic() - begun)
        except OSError:
            pass
print(len(took), 1000 * sum(took) / max(1, len(took)))
"""
_ECHO = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
    line.bind(("0.0.0.0", 4000))
    print("ready", flush=True)
    while True:
        said, who = line.recvfrom(99)
        line.sendto(said, who)
"""


def ask(place: Place, other: Place, number: int, patience: float = 5.0) -> tuple[int, float]:
    """How many of so many packets came back, and after how many ms."""
    came, took = place.run(sys.executable, "-c", _ASK, other.address, str(number), str(patience)).split()
    return int(came), float(took)


def echo(place: Place) -> subprocess.Popen[bytes]:
    """Answers in `place` until the network is removed."""
    process = subprocess.Popen(place.inside(sys.executable, "-c", _ECHO), stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_packets_pass_are_lost_cut_late_and_find_a_new_address() -> None:
    """Each fault does what it is called, and its end undoes it."""
    with Network() as network:
        here, there = network.place("here"), network.place("there", wired=True)
        process = echo(there)
        assert ask(here, there, 5)[0] == 5
        network.lose(here, 30)
        assert 1 <= ask(here, there, 40, 0.1)[0] <= 33
        network.lose(here, 0)
        network.cut(there)
        assert ask(here, there, 2, 0.5)[0] == 0
        network.mend(there)
        there.wire(delay=60)
        assert ask(here, there, 5)[1] >= 120
        there.wire(delay=0)
        old = there.address
        there.move()
        assert there.address != old
        assert ask(here, there, 3)[0] == 3
        network.separate(here, there)
        assert ask(here, there, 2, 0.5)[0] == 0
    assert process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def test_nothing_is_left_when_a_test_fails() -> None:
    """Places, wires and what ran inside are gone after an error in the middle."""
    made: list[str] = []
    processes: list[subprocess.Popen[bytes]] = []

    def fails() -> None:
        with Network() as network:
            place = network.place("home", wired=True)
            made.extend([place.namespace, network.router])
            processes.append(echo(place))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not [name for name in made if Path("/run/netns", name).exists()]
    assert processes[0].wait(10)
    assert processes[0].stdout is not None
    processes[0].stdout.close()
