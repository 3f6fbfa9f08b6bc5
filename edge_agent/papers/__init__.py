"""From the taps' spools to papers that were read: parts joined, gaps noticed."""
