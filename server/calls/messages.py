"""Every message of the protocol, defined once: its name (`tag`), its fields and their limits.

``docs/protocol.md`` explains them; a test compares the two. The direction is told by the unions at the end;
those of rooms stand in `server.rooms.messages`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from server.calls.in_call import FromBoth, Sample, Shown, ShowText
from server.calls.message import Asked as Asked  # noqa: PLC0414 - part of what this module offers
from server.calls.message import Count, Figure, Instant, Milliseconds, Name, Number, Share, Short
from server.calls.message import Message as Message  # noqa: PLC0414
from server.guests.messages import FromHost, ToLobby
from server.rooms.messages import FromRoom, ToRoom
from server.tablets.path_test import messages as path_test

#: Versions spoken, newest first: the present one and the one before it.
PROTOCOLS = (1,)
#: The largest message, in bytes of UTF-8.
LARGEST = 64 * 1024


# Coming in


class Greeting(Message, tag="greeting", kw_only=True):
    protocols: list[int]
    nonce: str
    now: datetime


class Hello(Asked, tag="hello", kw_only=True):
    protocol: int
    device: UUID | None = None
    signature: Annotated[str, Meta(max_length=86)] | None = None
    version: Short | None = None
    contact: UUID | None = None
    near: bool = False
    guest: UUID | None = None


class GoingOn(Struct, kw_only=True, omit_defaults=True):
    """A call that can be taken up again."""

    call: UUID
    state: str
    contact: UUID | None = None


class Welcome(Message, tag="welcome", kw_only=True):
    protocol: int
    now: datetime
    language: str
    version: str
    pace: str
    call: GoingOn | None = None


# Both sockets


class Ping(Message, tag="ping", kw_only=True):
    n: Number


class Pong(Message, tag="pong", kw_only=True):
    answers: int
    now: datetime


class Pace(Message, tag="pace", kw_only=True):
    pace: str


class Ok(Message, tag="ok", kw_only=True):
    answers: int


class Error(Message, tag="error", kw_only=True):
    code: str
    sentence: str
    place: str | None = None
    answers: int | None = None
    call: UUID | None = None


class Bye(Message, tag="bye", kw_only=True):
    code: str
    sentence: str
    again: bool
    erase: bool


class Reload(Message, tag="reload", kw_only=True):
    version: str


# The day


class Day(Message, tag="day", kw_only=True):
    made_at: datetime
    date: str
    names: list[str]
    rows: list[dict[str, Any]]
    night: dict[str, str]
    zone: str
    notices: list[dict[str, Any]]
    language: str
    settings: dict[str, Any]
    phrases: dict[str, str]
    prompt: dict[str, Any] | None = None
    phone: dict[str, str] | None = None
    request: dict[str, Any] | None = None
    clients: list[dict[str, str]] = []


class NoticeShown(Asked, tag="notice_shown", kw_only=True):
    notice: UUID


class NoticeTouched(Asked, tag="notice_touched", kw_only=True):
    notice: UUID


class Klart(Asked, tag="klart", kw_only=True):
    contact: UUID
    at: Instant


class PromptLater(Asked, tag="prompt_later", kw_only=True):
    contact: UUID


class CallRequest(Asked, tag="call_request", kw_only=True):
    #: Who of two that live together; none is the first, as pages say that know of one only.
    clients: Annotated[list[UUID], Meta(max_length=2)] = []


class Pulse(Asked, tag="pulse", kw_only=True):
    call: UUID
    face: Literal["happy", "so_so", "unhappy"]


class Test(Message, tag="test", kw_only=True):
    #: For the test runner: this is no test.
    __test__: ClassVar[bool] = False


class Battery(Struct, kw_only=True, forbid_unknown_fields=True):
    level: Share
    charging: bool


class Screen(Struct, kw_only=True, forbid_unknown_fields=True):
    width: Annotated[int, Meta(ge=0, le=100_000)]
    height: Annotated[int, Meta(ge=0, le=100_000)]


class Slept(Struct, kw_only=True, forbid_unknown_fields=True):
    """The page stood still for so long, until `at`."""

    at: Instant
    seconds: Count


Permission = Literal["granted", "denied", "prompt", "missing", "unknown"]


class Health(Asked, tag="health", kw_only=True):
    camera: Permission
    microphone: Permission
    sound: Literal["ok", "blocked", "unknown"]
    wake_lock: Literal["ok", "denied", "unsupported", "unknown"]
    voice: bool
    touch_needed: bool
    battery: Battery | None = None
    started: Instant | None = None
    screen: Screen | None = None
    painted: Literal["ok", "stopped", "unknown"] = "unknown"
    visible: bool | None = None
    shows: Annotated[str, Meta(max_length=24, pattern=r"^[a-z-]*$")] | None = None
    volume: Share | None = None
    skew_s: Annotated[float, Meta(ge=-1e9, le=1e9)] | None = None
    storage: Literal["kept", "may_go", "unknown"] = "unknown"
    network: Literal["wifi", "cellular", "ethernet", "other", "unknown"] = "unknown"
    slept: Slept | None = None


# A call


class StartCall(Asked, tag="call", kw_only=True):
    contact: UUID
    connection: Name
    reason: Annotated[str, Meta(max_length=200)] | None = None


class Calling(Message, tag="calling", kw_only=True):
    call: UUID
    contact: UUID
    name: str
    words: str
    ring_seconds: int
    ice_servers: list[dict[str, Any]]
    relay_only: bool
    answers: int | None = None


class Caller(Struct, kw_only=True, omit_defaults=True):
    first_name: str
    portrait: str | None = None


class Ring(Message, tag="ring", kw_only=True):
    call: UUID
    caller: Caller
    text: str
    since: datetime
    ring_seconds: int
    look_seconds: int
    ice_servers: list[dict[str, Any]]
    relay_only: bool
    contact: UUID | None = None
    to: str | None = None
    auto_answer_seconds: int | None = None


class Ringing(Asked, tag="ringing", kw_only=True):
    call: UUID
    connection: Name


class Answer(Asked, tag="answer", kw_only=True):
    call: UUID
    by: Literal["touch", "auto"]


class NotNow(Asked, tag="not_now", kw_only=True):
    call: UUID


class Cancel(Asked, tag="cancel", kw_only=True):
    call: UUID


class HangUp(Asked, tag="hang_up", kw_only=True):
    call: UUID


class State(Message, tag="state", kw_only=True):
    call: UUID
    state: str
    words: str
    version: int
    cause: str | None = None
    contact: UUID | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    ask_pulse: bool = False
    #: It goes on in the room of its id: `server.rooms`.
    room: bool = False


class Peer(Message, tag="peer", kw_only=True):
    call: UUID
    present: bool
    connection: str | None = None
    asks: bool = False


class NewConnection(Asked, tag="connection", kw_only=True):
    call: UUID
    connection: Name


class SessionDescription(Struct, kw_only=True, forbid_unknown_fields=True):
    type: Literal["offer", "answer"]
    sdp: str


class Description(Asked, tag="description", kw_only=True):
    call: UUID
    from_: Name = msgspec.field(name="from")
    to: Name
    description: SessionDescription


class IceCandidate(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"):
    """As `RTCIceCandidateInit`, in the browser's own spelling."""

    candidate: Annotated[str, Meta(max_length=1000)]
    sdp_mid: Short | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=64)] | None = None
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class Candidate(Asked, tag="candidate", kw_only=True):
    call: UUID
    from_: Name = msgspec.field(name="from")
    to: Name
    #: None says that there are no more.
    candidate: IceCandidate | None


class Sending(Asked, tag="sending", kw_only=True):
    call: UUID
    audio: bool
    video: bool
    #: Why something is missing that somebody has not switched off.
    why: Literal["line", "device"] | None = None


class Media(Asked, tag="media", kw_only=True):
    call: UUID
    state: Literal["flowing", "lost"]
    first_ms: Milliseconds | None = None


class Quality(Asked, tag="quality", kw_only=True):
    call: UUID
    round_trip_ms: Figure | None = None
    loss_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    jitter_ms: Figure | None = None
    freezes: Count | None = None
    kilobits: Figure | None = None
    path: Literal["host", "srflx", "prflx", "relay"] | None = None
    setup_ms: Milliseconds | None = None


class ConfirmPerson(Asked, tag="confirm_person", kw_only=True):
    call: UUID


class Resume(Asked, tag="resume", kw_only=True):
    call: UUID
    connection: Name


class Resumed(Message, tag="resumed", kw_only=True):
    call: UUID
    state: str
    version: int
    words: str
    role: str
    name: str
    ice_servers: list[dict[str, Any]]
    relay_only: bool
    look_seconds: int
    contact: UUID | None = None
    portrait: str | None = None
    answered_at: datetime | None = None
    room: bool = False
    answers: int | None = None


class Renew(Asked, tag="renew", kw_only=True):
    call: UUID


class Renewed(Message, tag="renewed", kw_only=True):
    call: UUID
    ice_servers: list[dict[str, Any]]
    relay_only: bool
    answers: int | None = None


class Taken(Message, tag="taken", kw_only=True):
    call: UUID


# A worker's page


class Changed(Message, tag="changed", kw_only=True):
    topic: str
    contact: UUID | None = None
    client: UUID | None = None
    call: UUID | None = None
    task: UUID | None = None
    gathering: UUID | None = None
    event: str | None = None
    status: str | None = None


#: What both sides of a call may say of it.
CallMessage = (
    NewConnection | Description | Candidate | Sending | Media | Quality | HangUp | Resume | Renew | FromBoth
)  # fmt: skip
FromTablet = (
    Hello | Ping | NoticeShown | NoticeTouched | Klart | PromptLater | CallRequest | Pulse
    | Health
    | Ringing | Answer | NotNow | Shown | Sample | CallMessage | FromRoom | path_test.FromTablet
)  # fmt: skip
FromWorker = (
    Hello | Ping | StartCall | Cancel | ConfirmPerson | ShowText | Sample | CallMessage | FromRoom | FromHost
)  # fmt: skip
FromGuest = Hello | Ping | FromRoom
ToClient = (
    Greeting | Welcome | Pong | Pace | Ok | Error | Bye | Reload | Day | Test | Calling | Ring | State | Peer
    | Description | Candidate | Sending | Resumed | Renewed | Taken | Changed | ShowText | Shown | FromBoth
    | ToRoom | ToLobby | path_test.ToTablet
)  # fmt: skip
