"""The append-only record of everything done."""
