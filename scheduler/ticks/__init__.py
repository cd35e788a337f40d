"""What happens by itself as time goes: a handful of ticks, each a function ``(database, clock) -> int``.

The truth is always in the tables: a tick looks at rows, never at when it last ran, so one that was missed is
caught up and one that is killed is done again. Each claims its rows in the database, so several nodes may
run it and every row is acted on once.
"""
