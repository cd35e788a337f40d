"""Messages that nobody would send: every message of the protocol with fields drawn from its own definition.

What a message may look like is read from `server.calls.messages`, so a new one is drawn from the day it is
written. Ids are drawn as `Ref`: which ones there are is known only when the message is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from server.calls.messages import FromTablet, FromWorker

#: Names of connections: few, so that the same is met again.
NAMES = ("w1", "w2", "t1", "t2")


@dataclass(frozen=True)
class Ref:
    """The id of the `at`-th of this kind that there is, newest first; None: of nothing."""

    kind: str
    at: int | None


def drawn(union: Any, leave_out: frozenset[str]) -> dict[str, st.SearchStrategy[dict[str, Any]]]:
    """By type: a good message of it, but for who says it and when."""
    found = {}
    for kind in get_args(union):
        info = msgspec.inspect.type_info(kind)
        assert isinstance(info, msgspec.inspect.StructType)
        if info.tag not in leave_out:
            found[str(info.tag)] = _struct(info)
    return found


def _struct(info: msgspec.inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    needed: dict[str, st.SearchStrategy[Any]] = {}
    free: dict[str, st.SearchStrategy[Any]] = {}
    for one in info.fields:
        if one.encode_name != "n":
            (needed if one.required else free)[one.encode_name] = _of(one.type, one.encode_name)
    if info.tag is not None:
        needed["type"] = st.just(info.tag)
    return st.fixed_dictionaries(needed, optional=free)


def _of(info: msgspec.inspect.Type, name: str) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911
    inspect = msgspec.inspect
    if isinstance(info, inspect.UnionType):
        return st.one_of([_of(one, name) for one in info.types])
    if isinstance(info, inspect.NoneType):
        return st.none()
    if isinstance(info, inspect.UUIDType):
        # Mostly the newest, so that what is said means something.
        at = st.one_of(st.just(0), st.just(0), st.integers(0, 5), st.none())
        return at.map(lambda at: Ref(name, at))
    if isinstance(info, inspect.BoolType):
        return st.booleans()
    if isinstance(info, inspect.IntType):
        return st.integers(info.ge or 0, info.le if info.le is not None else 2**20)
    if isinstance(info, inspect.FloatType):
        return st.floats(info.ge or 0, info.le or 1e6, allow_nan=False)
    if isinstance(info, inspect.LiteralType):
        return st.sampled_from(info.values)
    if isinstance(info, inspect.EnumType):
        return st.sampled_from([one.value for one in info.cls])
    if isinstance(info, inspect.DateTimeType):
        return st.sampled_from(["2026-12-01T05:45:00Z", "2026-11-30T23:00:00+02:00", "2031-01-01T00:00:00Z"])
    if isinstance(info, inspect.StrType):
        if info.pattern and "A-Z" in info.pattern:
            return st.sampled_from(NAMES)
        return st.sampled_from(["day", "call"]) if info.pattern else st.text(min_size=1, max_size=20)
    if isinstance(info, inspect.ListType):
        return st.lists(_of(info.item_type, name.rstrip("s")), max_size=2)
    if isinstance(info, inspect.StructType):
        return _struct(info)
    raise TypeError(f"{name}: {info} cannot be drawn yet")


#: Who comes in says hello by himself; pings are sent all the time.
_APART = frozenset({"hello", "ping"})
FROM_TABLET = drawn(FromTablet, _APART)
FROM_WORKER = drawn(FromWorker, _APART)

#: Something is wrong with it: too much, too little, another type.
BROKEN: st.SearchStrategy[str] = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "null", "[]", "{}", '{"type": "answer"}', '{"type": "state", "call": null}', '{"type": "hello"}',
            '{"type": "hello", "protocol": 1}', '{"type": "hang_up", "call": "x"}',
            '{"type": "description", "call": "01a20025-94c3-73e9-b7f5-5f2a502b9be1", "from": "", "to": "a"}',
        ]
    ),
)  # fmt: skip
