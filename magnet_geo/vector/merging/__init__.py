"""Small patches of a class map merged into their neighbors."""
