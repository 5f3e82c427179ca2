"""Layers of QGIS: what the engine can open of them, and how its results look."""
