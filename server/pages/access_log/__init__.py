"""Who has read what: the log, its sample, emergency openings, and what a client is told."""
