"""PostgreSQL 12 to 18: `pane` is what the overview draws, the other files are its parts."""
