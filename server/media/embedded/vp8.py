"""The VP8 payload descriptor (RFC 7741): where a picture begins, its number, and both moved on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """What the descriptor says. `wide`: the number has 15 bits. `number_at`, `layer_at`: byte offsets."""

    key: bool
    number: int | None
    wide: bool
    number_at: int
    layer: int | None
    layer_at: int


def read(payload: bytes) -> Picture | None:
    """Read the descriptor; ``None`` when it is cut short. `key`: the first packet of a key picture."""
    try:
        first, at = payload[0], 1
        number = layer = None
        wide, number_at, layer_at = False, 0, 0
        if first & 0x80:
            extra, at = payload[1], 2
            if extra & 0x80:
                number_at, wide = at, bool(payload[at] & 0x80)
                if wide:
                    number = (payload[at] & 0x7F) << 8 | payload[at + 1]
                    at += 2
                else:
                    number = payload[at]
                    at += 1
            if extra & 0x40:
                layer, layer_at = payload[at], at
                at += 1
            if extra & 0x30:
                at += 1
        begins = first & 0x10 and not first & 0x07
        return Picture(bool(begins and not payload[at] & 0x01), number, wide, number_at, layer, layer_at)
    except IndexError:
        return None


def moved(payload: bytes, picture: Picture, number_by: int, layer_by: int) -> bytes:
    """The payload with its picture number and TL0PICIDX moved on, each within its own width."""
    changed = bytearray(payload)
    if picture.number is not None:
        at = picture.number_at
        if picture.wide:
            number = (picture.number + number_by) & 0x7FFF
            changed[at] = 0x80 | number >> 8
            changed[at + 1] = number & 0xFF
        else:
            changed[at] = (picture.number + number_by) & 0x7F
    if picture.layer is not None:
        changed[picture.layer_at] = (picture.layer + layer_by) & 0xFF
    return bytes(changed)
