"""Accounts, signing in, and what each person settles for themselves."""
