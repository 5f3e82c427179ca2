"""The engine as a child process: finding, asking, running and making it."""
