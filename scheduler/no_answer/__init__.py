"""Nobody answers: cases are opened, moved on by people and by the clock, and ended with their rows.

`cases` keeps them, `deeds` is what a person says, `moving_on` what the clock, a call or another page does;
`owners` whose a step is, `nearest` and `neighbours` who can help, `sending` the check visit, `ending` what a
case leaves behind. The tick `scheduler.ticks.no_answer` looks after all of them.
"""
