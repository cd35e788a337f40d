"""How the rows of a file enter the record: what is new, what differs, what may not.

Everything is planned against a reading snapshot and then written by `staging` in one short transaction.
"""
