"""The client's tablet as staff see it, and the pages it shows."""
