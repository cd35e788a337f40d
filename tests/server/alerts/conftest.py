"""Fixtures of `tests.server.alerts.gateway`."""

from __future__ import annotations

from tests.server.alerts.gateway import gateway, secrets

__all__ = ["gateway", "secrets"]
