"""Pictures of every screen of the tablet and of the main staff pages, for a pair of eyes.

``python -m tests.e2e.gallery DIR [WORD]``: all of them, or those whose name begins with WORD. What axe finds
and what is too small or out of sight is said beside them, and ends with 1.
"""
