"""Calls: ringing and talking, their states, causes and quality figures."""
