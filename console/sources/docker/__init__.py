"""Docker and podman: `source` is what the collector asks, the other files are its parts."""
