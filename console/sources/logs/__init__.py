"""The logs: `source` is what the collector asks; what it reads with is in `console.logs`."""
