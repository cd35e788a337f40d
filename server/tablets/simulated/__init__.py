"""Simulated tablets: thousands of homes without people, to see what a server carries."""
