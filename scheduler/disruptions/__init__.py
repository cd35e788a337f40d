"""Something has happened: from the report to an explained proposal, its approval and its undoing.

report      what may be reported, read and checked; facts of shifts and absences are written at once
scene       the day as it stands, read from the record in a few queries
effect      what a disruption does to a day
adapter     a scene as the planner's problem (numbers and masks), and the way back
wording     the planner's codes as sentences
proposing   planner → proposal with changes
approving   all, some, none; undo
telling     who must be told, on the tablet or by a call
"""
