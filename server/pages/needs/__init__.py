"""What needs a person: the queue, call lists, faults reported."""
