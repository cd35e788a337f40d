"""Who may do what with whose data, and the log of it."""
