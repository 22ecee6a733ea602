"""The Health pane: probes, wrong first."""
