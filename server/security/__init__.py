"""Who is asking, what they may do, and what the browser may load."""
