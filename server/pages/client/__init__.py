"""One client and the list of clients."""
