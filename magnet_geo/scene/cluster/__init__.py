"""A run dealt out to the workers of a Dask cluster."""
