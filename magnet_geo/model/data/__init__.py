"""Bundled model files."""
