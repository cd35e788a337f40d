"""``/api/v1``: what other programs may read and do. A module a noun; `operation` declares each route."""
