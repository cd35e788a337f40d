"""The plan of a day, calls put into it, disruptions and proposals."""
