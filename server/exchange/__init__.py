"""Import and export of files: services, clients, staff, shifts, planned contacts and performed visits.

The pure half reads bytes into rows and writes rows into bytes: `table` (what a file is), `column_map`
(which heading means what), `validation` (rows, errors, warnings), `writing` and `error_file`. Each kind of
file has a module of its own under `kinds`, with its columns, its row, and how the two turn into each other.
"""
