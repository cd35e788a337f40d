"""Pages for staff: templates, static files and catalogues. The server serves them; no code here."""
