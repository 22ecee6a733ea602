"""Kubernetes: `pane` is what the overview draws, the other files are its parts."""
