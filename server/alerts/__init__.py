"""Messages to staff whose phone is closed: the ways out, what is said, and the sending."""
