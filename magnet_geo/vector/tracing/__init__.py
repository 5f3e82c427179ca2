"""From rows of classes to polygons, out of core."""
