"""The weekly check-in: ten minutes about obstacles, replanning and lessons (S1)."""
