"""Signalling: one websocket a page, the calls that go over it, and who is told what.

``docs/protocol.md`` describes it for those who write another client.
"""
