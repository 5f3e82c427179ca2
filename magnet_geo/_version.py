"""The version, for whoever may not import the front door."""

__version__ = "0.1.0"
