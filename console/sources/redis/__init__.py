"""Redis and Valkey: `source` is what the collector asks, the other files are its parts."""
