"""Files in and out, and paper."""
