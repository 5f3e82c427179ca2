"""What of a run is refined where not everything is, what it costs, and what became of it."""
