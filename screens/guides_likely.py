"""Whether it is worth loading what reads guides: looked at without loading anything."""

from __future__ import annotations

import os

from console.config import Config
from console.errors import OpsError
from console.files import here
from console.guides.places import usual_places
from console.journal.place import journal_path


def guides_likely(config: Config) -> bool:
    """Whether guides are configured or stand in the usual places, or a journal was begun on this host."""
    if config.guides.paths:
        return True
    return journal_begun(config) or next(usual_places(here()), None) is not None


def journal_begun(config: Config) -> bool:
    """Whether there is a journal on this host."""
    try:
        return journal_path(config, os.environ).exists()
    except (OpsError, OSError):
        return False
