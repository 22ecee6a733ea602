"""Faults, each repeated until luck is no explanation; `make faults` runs them in full."""
