"""The client's tablet: templates, static files and catalogues. The server serves them; no code here."""
