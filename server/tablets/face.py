"""The address of a face that may be shown on a tablet. It stays the same over versions, so it can be kept."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def face(portrait: str | None) -> str | None:
    """``/kiosk/face/worker-003`` for a picture's name; None means: show initials."""
    if portrait is None or not _NAME.fullmatch(portrait):
        return None
    return f"/kiosk/face/{portrait}"


def picture(name: str) -> str | None:
    """The static file of a face by the name in its address, None for what is no name."""
    return f"lib/portraits/{name}.svg" if _NAME.fullmatch(name) else None
