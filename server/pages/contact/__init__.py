"""One planned contact: its card, its deeds, its call and its receipt."""
