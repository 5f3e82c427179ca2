"""What leaves the program as JSON: records with a schema."""
