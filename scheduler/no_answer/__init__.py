"""Nobody answers: cases are opened, moved on by people and by the clock, and ended with their rows.

`cases` keeps them, `moving_on` is what the clock, a call or another page does with them; `owners` says whose
a step is, `nearest` and `neighbours` who can help, `sending` makes the check visit, `ending` sees to what a
case leaves behind. The tick `scheduler.ticks.no_answer` looks after all of them; what a person says of a step
is `scheduler.answers`.
"""
