"""Guests of calls: the link's device, the lobby, the socket, and the door of a call's room."""
