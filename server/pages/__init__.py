"""Server-rendered pages, a module a noun."""
