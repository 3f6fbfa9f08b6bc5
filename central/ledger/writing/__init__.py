"""One turn: events read in, judged, and everything they changed written in one transaction."""
