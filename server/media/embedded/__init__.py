"""The engine that needs nothing installed: a forwarder on aiortc, in a process of its own.

Nothing is decoded or encoded. `supervisor` is what the server holds; `__main__` is the process. Below it
stand `house`, `room`, `seat`, `publishing`, `viewing` (people and their two connections), `source` and `slot`
(what comes in, what goes out), and `connection`, the only module that touches aiortc's private names (`pin`
checks them). The rest is pure: bytes, numbers and times in, decisions out.
"""
