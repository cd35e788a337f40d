"""The care record: who, what was decided, what is planned, what happened.

Knows no web, no timers and no solver. Everything here is tables, pure rules, state machines,
measures, the outbox and the clock.
"""
