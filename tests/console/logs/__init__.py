"""Tests of the log core."""
