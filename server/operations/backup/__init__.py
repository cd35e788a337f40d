"""Backup and restore: one file that holds a municipality, whole, checked and on request encrypted.

A backup is a tar file with a last block that holds the SHA-256 of everything before it (`package`). Plain,
it holds ``manifest.json`` and the files it lists. Encrypted, it holds ``content.age``: the same file, sealed
in the age format (`sealing`), so that it can be opened without this program too.
"""
