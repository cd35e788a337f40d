"""Retention (gallring): what is due to go, on whose word, archived first where it must be kept (L20)."""
