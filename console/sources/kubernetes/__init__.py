"""Kubernetes: clusters by their API, kept by list and watch."""
