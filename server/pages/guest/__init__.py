"""The page of a guest, who has no account."""
