"""Rules, objectives and what became of them: expressions over the history, alerts and their states."""
