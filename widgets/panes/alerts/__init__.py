"""Alerts: what fires and what is about to, the rules behind them, and what is silent."""
