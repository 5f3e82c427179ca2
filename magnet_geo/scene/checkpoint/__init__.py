"""What a run has finished, kept so that it can go on after any break."""
