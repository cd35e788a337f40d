"""What goes out in an export, read from the record."""
