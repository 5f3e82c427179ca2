"""Both training stages: the backbone on crops, then the refinement module on coarse-to-fine chains."""
