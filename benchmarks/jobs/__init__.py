"""The jobs of the suite, one per file; each adds its numbers to the record."""
