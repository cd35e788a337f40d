"""Guests of a call: invited by a link, let in by a worker, out at once when it is taken back."""
