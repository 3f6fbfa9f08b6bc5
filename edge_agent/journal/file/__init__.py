"""The journal as a file on a till's disk: opened, written, upgraded, distrusted, and rescued."""
