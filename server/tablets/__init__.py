"""Tablets in homes: pairing, keys, health, and what they are given to show."""
