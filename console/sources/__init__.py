"""One file a system that can be asked; `base` says what a source is."""
