"""What is followed up: measures, the weekly check-in, what may be erased."""
