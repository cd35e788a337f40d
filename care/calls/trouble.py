"""What may be wrong with sound and picture of one side while a call goes on."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """What a side has found of itself. What each means and what mends it: ``docs/calls.md``."""

    MICROPHONE_REFUSED = "microphone_refused"
    MICROPHONE_GONE = "microphone_gone"
    #: The device or the system has muted it: a key on the headset, a switch on the tablet.
    MICROPHONE_MUTED = "microphone_muted"
    MICROPHONE_SILENT = "microphone_silent"
    CAMERA_REFUSED = "camera_refused"
    CAMERA_GONE = "camera_gone"
    CAMERA_STILL = "camera_still"
    CAMERA_DARK = "camera_dark"
    #: The browser lets nothing be heard before a touch.
    SOUND_BLOCKED = "sound_blocked"
    #: Sound comes, but is not played.
    SOUND_OFF = "sound_off"
    ECHO = "echo"
    #: The call is answered, and no way to the other side is found.
    NO_PATH = "no_path"
