"""The kinds of file, each a module: its columns, its row, and how the two turn into each other."""
