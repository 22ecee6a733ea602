"""Probes against real servers on this host."""
