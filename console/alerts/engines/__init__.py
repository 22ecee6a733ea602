"""Prometheus and Alertmanager beside the console: their alerts, rules and silences as they tell them."""
