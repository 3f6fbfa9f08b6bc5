"""Papers that were printed or photographed as pictures, brought to lines of text."""
