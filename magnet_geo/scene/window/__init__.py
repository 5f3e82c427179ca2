"""From the pixels of a window to its chunk of the map."""
