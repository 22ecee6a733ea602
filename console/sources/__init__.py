"""A file or a package for each system that can be asked; `base` says what a source is."""
