"""Progressive land-cover segmentation of scenes of any size."""

__version__ = "0.1.0"
