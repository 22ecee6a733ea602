"""The headless core of opsconsole: sources, collector, history, configuration. Imports no Textual."""

__version__ = "0.1.0"
