"""The hybrid planner: visits and calls in one plan. Pure: numbers and masks in, plan out.

``problem`` says what is to be planned, ``plan`` what the answer is, ``solve`` finds it, ``checker``
distrusts it, ``explain`` gives the reasons as data. Nothing here knows people, databases or words.
"""
