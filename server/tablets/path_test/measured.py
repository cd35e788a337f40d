"""What our side of a path test has measured."""

from __future__ import annotations

from dataclasses import dataclass

#: Right pictures until the picture counts as come.
ENOUGH_PICTURES = 5
#: Decibels of full scale.
SILENCE = -120.0


@dataclass(slots=True)
class Came:
    """What has come up from the tablet."""

    #: Milliseconds from the offer to the connection; None when there is none.
    connected_ms: int | None = None
    pictures: int = 0
    right_pictures: int = 0
    tone_db: float = SILENCE
    is_tone_heard: bool = False

    @property
    def is_whole(self) -> bool:
        return self.right_pictures >= ENOUGH_PICTURES and self.is_tone_heard
