"""Janus as a peer to measure against: a daemon with a room, and settings of our own."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

PROGRAM = "janus"
#: Where distributions keep the plugins.
PLUGINS = next(Path("/usr/lib").glob("*/janus"), Path("/usr/lib/janus"))
ROOM = 1
_SETTINGS = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{plugins}/plugins"
  transports_folder = "{plugins}/transports"
  events_folder = "{plugins}/events"
  loggers_folder = "{plugins}/loggers"
  debug_level = 2
  admin_secret = "{secret}"
}}
media: {{ ipv6 = false }}
nat: {{ ice_enforce_list = "{address}" }}
plugins: {{ disable = "{others}" }}
transports: {{ disable = "{ways}" }}
"""
_SOCKET = """
general: {{ json = "compact"  ws = true  ws_ip = "127.0.0.1"  ws_port = {port}  wss = false }}
admin: {{ admin_ws = false }}
"""
_ROOM = """
room-1: {{ publishers = {people}  audiocodec = "opus"  videocodec = "vp8"  bitrate = 0  fir_freq = 0 }}
"""


def there() -> bool:
    """Whether this machine has it."""
    return shutil.which(PROGRAM) is not None


def _all_but(kind: str, needed: str) -> str:
    """What is not needed stays off."""
    return ",".join(one.name for one in (PLUGINS / kind).glob("*.so") if one.name != needed)


class Janus:
    """One daemon and one session with it. Raises `RuntimeError` when it says no."""

    def __init__(self, folder: Path, *, address: str, people: int) -> None:
        self._folder, self._address, self._people = folder, address, people
        self._process: asyncio.subprocess.Process | None = None
        self._client: ClientSession | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._session = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._feeds: list[int] = []

    async def start(self) -> None:
        """Start the daemon and open a session."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name, text in (
            ("janus.jcfg", _SETTINGS),
            ("janus.transport.websockets.jcfg", _SOCKET),
            ("janus.plugin.videoroom.jcfg", _ROOM),
        ):
            (self._folder / name).write_text(
                text.format(
                    folder=self._folder,
                    plugins=PLUGINS,
                    secret=secrets.token_hex(16),
                    address=self._address,
                    others=_all_but("plugins", "libjanus_videoroom.so"),
                    ways=_all_but("transports", "libjanus_websockets.so"),
                    port=port,
                    people=self._people,
                ),
                encoding="utf-8",
            )
        with (self._folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM,
                "-F",
                str(self._folder),
                "-C",
                str(self._folder / "janus.jcfg"),
                stdout=log,
                stderr=log,
            )
        self._client = ClientSession()
        for _ in range(100):
            with suppress(OSError):
                self._socket = await self._client.ws_connect(
                    f"ws://127.0.0.1:{port}", protocols=("janus-protocol",)
                )
                break
            await asyncio.sleep(0.1)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._live())]
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            await self._client.close()
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()

    @property
    def process_id(self) -> int:
        """The daemon. Raises `RuntimeError` before it was started."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    async def publish(self, offer: str) -> tuple[int, str]:
        """Send an offer; returns the feed and the answer."""
        handle = await self._attach()
        body = {"request": "joinandconfigure", "room": ROOM, "ptype": "publisher"}
        said = await self._message(handle, body, {"type": "offer", "sdp": offer})
        feed: int = said["plugindata"]["data"]["id"]
        self._feeds.append(feed)
        return feed, said["jsep"]["sdp"]

    async def subscribe(self, own: int) -> tuple[int, str]:
        """Ask for everybody but `own`; returns the handle to answer on and the offer."""
        handle = await self._attach()
        streams = [{"feed": feed} for feed in self._feeds if feed != own]
        body = {"request": "join", "room": ROOM, "ptype": "subscriber", "streams": streams}
        said = await self._message(handle, body, None)
        return handle, said["jsep"]["sdp"]

    async def answer(self, handle: int, sdp: str) -> None:
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": sdp})

    async def _attach(self) -> int:
        said = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        handle: int = said["data"]["id"]
        return handle

    async def _message(
        self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if jsep is not None:
            told["jsep"] = jsep
        said = await self._ask(told)
        if "error" in said.get("plugindata", {}).get("data", {}):
            raise RuntimeError(str(said["plugindata"]["data"]))
        return said

    async def _ask(self, told: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        name = secrets.token_hex(8)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = answer
        session = {"session_id": self._session} if self._session else {}
        await self._socket.send_json({**told, **session, "transaction": name})
        async with asyncio.timeout(20):
            said = await answer
        if said["janus"] == "error":
            raise RuntimeError(str(said["error"]))
        return said

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            said = message.json()
            # An asynchronous request is acknowledged first; its answer comes as an event.
            if said["janus"] == "ack":
                continue
            waiting = self._waiting.pop(said.get("transaction", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(said)

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(20)
            assert self._socket is not None
            name = secrets.token_hex(8)
            await self._socket.send_json(
                {"janus": "keepalive", "session_id": self._session, "transaction": name}
            )
