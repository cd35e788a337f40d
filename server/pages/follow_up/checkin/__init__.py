"""The weekly check-in: its list, its page, and what is written there."""
