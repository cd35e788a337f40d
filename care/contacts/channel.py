"""Through what a contact happens."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    PHYSICAL = "physical"
    VIDEO = "video"
    PHONE = "phone"
    #: A reminder on the tablet, answered with "Klart".
    PROMPT = "prompt"
    #: A medication dispenser or the like reports.
    DEVICE = "device"
    #: An external night camera; we plan and receipt, and hold no picture.
    CAMERA_CHECK = "camera_check"

    @property
    def is_digital(self) -> bool:
        """Everything but a visit."""
        return self is not Channel.PHYSICAL

    @property
    def uses_tablet(self) -> bool:
        return self in (Channel.VIDEO, Channel.PROMPT)
