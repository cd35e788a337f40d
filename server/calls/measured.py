"""How calls go, as figures for ``/metrics``: never a person, a home or a tablet."""

from __future__ import annotations

from collections import deque

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from care.calls.life import Cause
from care.calls.trouble import Trouble
from server.operations.health import METRICS

#: The share of failed calls is that of so many ended last on this node.
LAST = 200


class CallMetrics:
    """The figures of calls that this node has ended or heard of."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ended = Counter("samtid_calls_ended_total", "Calls ended", ["cause"], registry=registry)
        self.setup = Histogram(
            "samtid_call_setup_seconds",
            "From the answer to the first picture or sound on the slower side",
            registry=registry,
            buckets=(0.25, 0.5, 1, 2, 3, 5, 8, 13, 30),
        )
        self.loss = Histogram(
            "samtid_call_loss_percent",
            "Packets lost on the way to one side of a call",
            registry=registry,
            buckets=(0.1, 0.5, 1, 2, 5, 10, 20, 50),
        )
        self.paths = Counter(
            "samtid_call_paths_total",
            "Sides of calls by kind of path and what it ran on",
            ["path", "protocol"],
            registry=registry,
        )
        self.troubles = Counter(
            "samtid_call_troubles_total",
            "What sides of calls found wrong with themselves",
            ["what", "side"],
            registry=registry,
        )
        self.failed = Gauge(
            "samtid_calls_failed_share",
            f"Share of the last {LAST} ended calls that failed for a technical reason",
            registry=registry,
        )
        self._last: deque[bool] = deque(maxlen=LAST)

    def has_ended(self, cause: Cause, setup_ms: int | None) -> None:
        """A call has ended, after a set-up of `setup_ms` milliseconds when it came so far."""
        self.ended.labels(cause.value).inc()
        if setup_ms is not None:
            self.setup.observe(setup_ms / 1000)
        self._last.append(cause.is_technical)
        self.failed.set(sum(self._last) / len(self._last))

    def has_gone(self, path: str | None, protocol: str | None, loss_percent: float | None) -> None:
        """One side has told how the whole call went."""
        if path is not None:
            self.paths.labels(path, protocol or "unknown").inc()
        if loss_percent is not None:
            self.loss.observe(loss_percent)

    def is_wrong(self, what: Trouble, side: str) -> None:
        """A side, ``worker`` or ``client``, has found something wrong with itself."""
        self.troubles.labels(what.value, side).inc()


CALL_METRICS = web.AppKey("call_metrics", CallMetrics)


def setup(app: web.Application) -> None:
    app[CALL_METRICS] = CallMetrics(app[METRICS].registry)
