"""Cameras that read codes: frames, how well they can be seen, and which codes are news."""
