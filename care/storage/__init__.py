"""How the record is kept: the declarative base, column types, the database and its migrations."""
