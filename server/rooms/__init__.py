"""Rooms: three to twelve people who see and hear each other through a media engine."""
