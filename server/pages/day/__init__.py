"""Min dag: the worker's list, with and without cover."""
