"""When nobody answers: which step follows which, when, who has it, and what stops it (domain 3.2).

`step`, `times` and `course` are pure: no clock, no database. `case` holds the tables. What happens to rows
and who is asked is done by `scheduler.no_answer`.
"""
