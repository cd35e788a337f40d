"""A tablet without a screen: pairs, stays connected, answers calls and plays a file or a test picture.

Written from docs/protocol.md alone; it imports nothing of Samtid. See examples/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import random
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType
from aiortc import RTCConfiguration, RTCIceCandidate, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole, MediaPlayer
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from aiortc.sdp import candidate_from_sdp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

PROTOCOL = 1
PING = {"near": 2.0, "idle": 20.0}
SILENT = {"near": 5.0, "idle": 45.0}
LONGEST_WAIT = {"near": 2.0, "idle": 30.0}

Message = dict[str, Any]


class Identity:
    """Device id and key, kept in one file. The key never leaves this machine."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, origin: str, device: str = "") -> None:
        self.key, self.origin, self.device = key, origin, device

    @classmethod
    def read(cls, file: Path) -> Identity:
        kept = json.loads(file.read_text())
        key = serialization.load_pem_private_key(kept["key"].encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SystemExit(f"{file} holds no P-256 key")
        return cls(key, kept["origin"], kept["device"])

    def write(self, file: Path) -> None:
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.touch(mode=0o600)
        file.write_text(json.dumps({"device": self.device, "origin": self.origin, "key": pem.decode()}))

    @property
    def public_key(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _text(numbers.x), "y": _text(numbers.y)}

    def sign(self, nonce: str) -> str:
        """Section 3: the text of a hello, as r and s in base64url."""
        text = f"samtid-hello\n{PROTOCOL}\n{self.origin}\n{nonce}\n{self.device}"
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _text(number: int) -> str:
    return _base64url(number.to_bytes(32, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def pair(pair_url: str, label: str = "Example tablet") -> Identity:
    """Section 2: claim a pairing address; waits while a worker is being asked."""
    parts = urlsplit(pair_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    identity = Identity(ec.generate_private_key(ec.SECP256R1()), origin)
    wish = {"secret": parts.fragment, "public_key": identity.public_key, "label": label}
    async with ClientSession(headers={"Origin": origin}) as session:
        while True:
            async with session.post(f"{origin}/kiosk/pairing", json=wish) as answer:
                said = await answer.json(content_type=None)
            if answer.status == 202:
                print(f"waiting for a worker; number {said['number']}", file=sys.stderr)
                await asyncio.sleep(2)
                continue
            if answer.status != 200:
                raise SystemExit(f"{said.get('code')}: {said.get('title')}")
            identity.device = said["device"]
            return identity


def _origin_line(sdp: str) -> str:
    """Tells one offer from another: its candidates may have grown in number."""
    return next(line for line in sdp.splitlines() if line.startswith("o="))


class Call:
    """One call: the peer connection on this side, and what has been decoded of the other."""

    def __init__(self, tablet: Tablet, call: str, ice_servers: list[Message]) -> None:
        self.tablet, self.call, self.ice_servers = tablet, call, ice_servers
        self.frames = {"audio": 0, "video": 0}
        self.is_answered = False
        self.is_flowing = False
        self.answered_at = 0.0
        self.other: str | None = None
        self._sinks: list[MediaBlackhole] = []
        self._watches: list[asyncio.Task[None]] = []
        self._tracks: list[MediaStreamTrack] = []
        self._new_peer()

    def _new_peer(self) -> None:
        # `iceServers=None` would mean somebody else's server.
        servers = [RTCIceServer(**server) for server in self.ice_servers]
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self.name = secrets.token_hex(8)
        self._is_used = False
        self._offer = ""
        self._early: list[RTCIceCandidate] = []
        self.peer.on("track", self._watch)
        self.peer.on("connectionstatechange", self._path_changed)

    async def renew(self) -> None:
        """A fresh peer connection under a new name: the worker offers afresh."""
        await self._drop_peer()
        self._new_peer()
        self.other = None
        await self.say_name()
        if self._tracks:
            # aiortc ends the tracks of a connection that is closed.
            self._tracks = self.tablet.open_media()

    async def say_name(self) -> None:
        await self.tablet.say("connection", call=self.call, connection=self.name)

    async def met(self, message: Message) -> None:
        """The other side is there: rule 1 of section 6, Connecting."""
        name = message.get("connection")
        if name is None:
            return
        if name != self.other and self._is_used:
            await self.renew()
        elif message.get("asks"):
            await self.say_name()
        self.other = name

    async def offered(self, message: Message) -> None:
        """Take the worker's offer. This client neither restarts ICE nor takes a second offer."""
        if message["to"] != self.name:
            return
        offer = _origin_line(message["description"]["sdp"])
        if self._is_used and offer == self._offer:
            # Sent again after a break: the answer was lost.
            await self._say_answer()
            return
        if self._is_used:
            await self.renew()
            return
        self._offer = offer
        self.other = message["from"]
        self._is_used = True
        await self.peer.setRemoteDescription(RTCSessionDescription(**message["description"]))
        for transceiver in self.peer.getTransceivers():
            transceiver.direction = "sendrecv"
        self._attach()
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        for candidate in self._early:
            await self.peer.addIceCandidate(candidate)
        await self._say_answer()

    async def _say_answer(self) -> None:
        answer = self.peer.localDescription
        await self.tablet.say(
            "description", call=self.call, **{"from": self.name}, to=self.other,
            description={"type": answer.type, "sdp": answer.sdp},
        )  # fmt: skip

    async def candidate(self, message: Message) -> None:
        said = message["candidate"]
        if message["to"] != self.name or said is None or not said["candidate"]:
            return
        candidate = candidate_from_sdp(said["candidate"].removeprefix("candidate:"))
        candidate.sdpMid, candidate.sdpMLineIndex = said.get("sdpMid"), said.get("sdpMLineIndex")
        if not self._is_used:
            self._early.append(candidate)
            return
        await self.peer.addIceCandidate(candidate)

    def answered(self) -> None:
        """From now on the worker is seen and heard."""
        self.is_answered = True
        self.answered_at = asyncio.get_running_loop().time()

    async def open_media(self) -> None:
        """Camera and microphone open now, and not before."""
        self._tracks = self.tablet.open_media()
        self._attach()
        await self._say_sending()

    async def _say_sending(self) -> None:
        kinds = {track.kind for track in self._tracks}
        await self.tablet.say("sending", call=self.call, audio="audio" in kinds, video="video" in kinds)

    def _attach(self) -> None:
        for transceiver in self.peer.getTransceivers():
            for track in self._tracks:
                if track.kind == transceiver.kind:
                    transceiver.sender.replaceTrack(track)

    def _watch(self, track: MediaStreamTrack) -> None:
        self._watches.append(asyncio.create_task(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(Exception):
            while True:
                await track.recv()
                self.frames[track.kind] += 1
                if track.kind == "video" and self.is_answered and not self.is_flowing:
                    self.is_flowing = True
                    took = asyncio.get_running_loop().time() - self.answered_at
                    await self.tablet.say("media", call=self.call, state="flowing", first_ms=int(took * 1000))

    async def _path_changed(self) -> None:
        if self.peer.connectionState == "failed":
            if self.is_flowing:
                self.is_flowing = False
                await self.tablet.say("media", call=self.call, state="lost")
            await self.renew()

    async def again(self) -> None:
        """The socket is back: say again what the server may have missed."""
        if self.is_answered:
            await self._say_sending()
        if self.is_flowing:
            await self.tablet.say("media", call=self.call, state="flowing")

    async def close(self) -> None:
        await self._drop_peer()
        for track in self._tracks:
            track.stop()

    async def _drop_peer(self) -> None:
        for watch in self._watches:
            watch.cancel()
        self._watches.clear()
        await self.peer.close()


class Tablet:
    """Stays connected for ever and does what is asked of a tablet."""

    def __init__(self, identity: Identity, *, media: str | None = None, answer: str = "touch") -> None:
        self.identity = identity
        self.media = media
        #: "touch": answer after a moment; "auto": only when the ring allows it; "not_now"; "never".
        self.answer = answer
        self.call: Call | None = None
        self.day: Message | None = None
        self.heard: list[Message] = []
        self.is_welcome = asyncio.Event()
        self._socket: ClientWebSocketResponse | None = None
        self._pace = "idle"
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0
        #: Seconds between an automatic answer and the own picture.
        self._look = 0.0

    def open_media(self) -> list[MediaStreamTrack]:
        """A file's picture and sound, or a green picture and silence."""
        if self.media:
            player = MediaPlayer(self.media, loop=True)
            return [track for track in (player.audio, player.video) if track is not None]
        return [AudioStreamTrack(), VideoStreamTrack()]

    async def run(self) -> None:
        """Until it is cancelled, or told for good to go."""
        attempt = 0
        async with ClientSession() as session:
            while True:
                try:
                    again = await self._connected(session)
                    attempt = 0 if self.is_welcome.is_set() else attempt
                    if not again:
                        return
                except (ClientError, TimeoutError, ConnectionError):
                    pass
                finally:
                    self.is_welcome.clear()
                    self._socket = None
                await asyncio.sleep(random.uniform(0, min(LONGEST_WAIT[self._pace], 0.5 * 2**attempt)))  # noqa: S311 - jitter
                attempt = min(attempt + 1, 20)

    async def _connected(self, session: ClientSession) -> bool:
        """One socket, from hello to end. True when it is worth connecting again."""
        origin = self.identity.origin
        async with asyncio.timeout(5):
            socket = await session.ws_connect(f"{origin}/socket/kiosk", headers={"Origin": origin})
        async with socket:
            self._socket = socket
            while True:
                frame = await socket.receive(
                    timeout=None if not self.is_welcome.is_set() else SILENT[self._pace]
                )
                if frame.type is not WSMsgType.TEXT:
                    return socket.close_code not in (4401, 4409, 4426)
                message = json.loads(frame.data)
                self.heard.append(message)
                await self._take(message)

    async def _take(self, message: Message) -> None:
        kind = message["type"]
        if kind == "greeting":
            await self.say(
                "hello", protocol=PROTOCOL, device=self.identity.device,
                signature=self.identity.sign(message["nonce"]),
            )  # fmt: skip
        elif kind == "welcome":
            await self._welcome(message)
        elif kind == "pace":
            self._pace = message["pace"]
        elif kind == "day":
            self.day = message
        elif kind == "ring":
            await self._ring(message)
        elif self.call is not None and message.get("call") == self.call.call:
            await self._of_call(self.call, message)

    async def _welcome(self, message: Message) -> None:
        self._pace = message["pace"]
        self.is_welcome.set()
        self._later(self._ping())
        await self.say(
            "health", camera="granted", microphone="granted", sound="ok", wake_lock="unsupported",
            voice=False, touch_needed=False, started=datetime.now(UTC).isoformat(),
        )  # fmt: skip
        going_on = message.get("call")
        if self.call is not None and (going_on is None or going_on["call"] != self.call.call):
            await self.call.close()
            self.call = None
        if going_on is not None and going_on["state"] != "ringing":
            if self.call is None:
                self.call = Call(self, going_on["call"], [])
            await self.say("resume", call=self.call.call, connection=self.call.name)

    async def _ring(self, ring: Message) -> None:
        if self.call is None or self.call.call != ring["call"]:
            self.call = Call(self, ring["call"], ring["ice_servers"])
        await self.say("ringing", call=ring["call"], connection=self.call.name)
        wait = ring.get("auto_answer_seconds")
        if self.answer == "not_now":
            await self.say("not_now", call=ring["call"])
        elif self.answer == "touch":
            self._later(self._pick_up(ring["call"], 0.3, "touch"))
        elif self.answer == "auto" and wait is not None:
            self._later(self._pick_up(ring["call"], wait, "auto", ring["look_seconds"]))

    async def _pick_up(self, call: str, wait: float, by: str, look: float = 0) -> None:
        await asyncio.sleep(wait)
        if self.call is not None and self.call.call == call:
            self._look = look
            await self.say("answer", call=call, by=by)

    async def _of_call(self, call: Call, message: Message) -> None:
        kind = message["type"]
        if kind == "peer":
            await call.met(message)
        elif kind == "description" and message["description"]["type"] == "offer":
            await call.offered(message)
        elif kind == "candidate":
            await call.candidate(message)
        elif kind == "resumed":
            call.ice_servers = message["ice_servers"]
            if message["state"] != "ringing" and not call.is_answered:
                await self._talk(call, 0)
            await call.again()
        elif kind == "state" and message["state"] == "ended":
            await call.close()
            self.call = None
        elif kind == "state" and message["state"] == "connecting" and not call.is_answered:
            self._later(self._talk(call, self._look))

    async def _talk(self, call: Call, look: float) -> None:
        """Answered. After an automatic answer the client looks first and is seen later."""
        call.answered()
        await asyncio.sleep(look)
        if call is self.call:
            await call.open_media()

    async def say(self, kind: str, **fields: Any) -> None:
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(ConnectionError):
                await self._socket.send_str(json.dumps({"type": kind, **fields}))

    async def hang_up(self) -> None:
        if self.call is not None:
            await self.say("hang_up", call=self.call.call)

    async def _ping(self) -> None:
        socket = self._socket
        while socket is not None and not socket.closed and socket is self._socket:
            self._number += 1
            await self.say("ping", n=self._number)
            await asyncio.sleep(PING[self._pace])

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pair_url", nargs="?", help="pairing address; not needed once paired")
    parser.add_argument("--keep", type=Path, default=Path("tablet.json"), help="file for device id and key")
    parser.add_argument("--play", help="a film to send instead of a green picture")
    parser.add_argument("--answer", choices=["touch", "auto", "not_now", "never"], default="touch")
    given = parser.parse_args()
    if given.pair_url:
        identity = await pair(given.pair_url)
        identity.write(given.keep)
        print(f"paired as {identity.device}", file=sys.stderr)
    elif given.keep.is_file():
        identity = Identity.read(given.keep)
    else:
        parser.error("give a pairing address the first time")
    await Tablet(identity, media=given.play, answer=given.answer).run()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
