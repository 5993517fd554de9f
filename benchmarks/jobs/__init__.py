"""The jobs of the suite, one a file; each adds its numbers to the record."""
