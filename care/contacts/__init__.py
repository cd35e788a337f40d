"""The planned contact: the central object. A row in the plan, its life, and what it may become."""
