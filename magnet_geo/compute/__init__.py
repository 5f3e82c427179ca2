"""How the process uses cores, devices and memory."""
