"""Vector layers written whole, with their style."""
