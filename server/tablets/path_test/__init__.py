"""Whether picture and sound find the way to a tablet and back, tried with a made-up picture and tone."""
