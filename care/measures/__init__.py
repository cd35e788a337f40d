"""The three measures that managers see first (domain 1.3, 57–60)."""
