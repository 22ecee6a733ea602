"""PostgreSQL 12 to 18: `source` is what the collector asks, the other files are its parts."""
