"""The reference municipality "Bräcke (demo)": invented people in a frame of real numbers (domain 5).

Everything follows from a seed and a first day. The town (people, homes, orders, a plan of 28 days that comes
round again) is made once; each day is then read off the plan, and what became of each row is drawn from the
row's own id. So a day turns out the same whether it is planted as history or filled in after a night's sleep.
"""
