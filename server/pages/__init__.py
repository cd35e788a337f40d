"""Server-rendered pages: a room for each part of the work, a module a noun. What all share stands here."""
