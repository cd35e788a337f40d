"""What a try of our relay means, in words, with what to open in a firewall: for the doctor and the page."""

from __future__ import annotations

from server.language import N_
from server.operations.relay import Address, Result, Transport

#: What each transport is called, in every language.
NAMES = {
    Transport.STUN: "STUN",
    Transport.UDP: "TURN/UDP",
    Transport.TCP: "TURN/TCP",
    Transport.TLS: "TURN/TLS",
}
_WORKS = N_("%(name)s släpper fram data på %(host)s, port %(port)s.")
_ANSWERS = N_("%(name)s svarar på %(host)s, port %(port)s.")
_OPEN_UDP = N_(
    "%(name)s svarar inte på %(host)s. "
    "Öppna UDP-port %(port)s till TURN-servern i brandväggen, åt båda hållen."
)
_OPEN_TCP = N_("%(name)s svarar inte på %(host)s. Öppna TCP-port %(port)s till TURN-servern i brandväggen.")
_OTHERS = {
    Result.CERTIFICATE: N_(
        "%(name)s: certifikatet på %(host)s, port %(port)s, godkänns inte. Det ska gälla just det namnet, "
        "inte ha gått ut och komma från en utfärdare som webbläsare litar på."
    ),
    Result.REFUSED: N_(
        "%(name)s på %(host)s godtar inte Samtids inloggning. static-auth-secret i turnserver.conf ska vara "
        "samma som secret under [turn], och båda servrarnas klockor ska gå rätt."
    ),
    Result.STUCK: N_(
        "%(name)s på %(host)s svarar men släpper inte fram data. Öppna UDP-portarna min-port till max-port "
        "i turnserver.conf, och se efter att denied-peer-ip inte stänger ute TURN-servern själv."
    ),
}


def sentence(transport: Transport, result: Result) -> str:
    """The Swedish sentence, with places for ``name``, ``host`` and ``port``."""
    if result is Result.RELAYS:
        return _ANSWERS if transport is Transport.STUN else _WORKS
    if result is Result.SILENT:
        return _OPEN_UDP if transport in (Transport.STUN, Transport.UDP) else _OPEN_TCP
    return _OTHERS[result]


def places(address: Address) -> dict[str, object]:
    """What stands in the places of its sentence."""
    return {"name": NAMES[address.transport], "host": address.host, "port": address.port}
