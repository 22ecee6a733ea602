"""What happens to a defect of the console itself: one sentence for the user, the rest in a file."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path


def report(error: BaseException, env: Mapping[str, str], now: datetime) -> Path | None:
    """Write the traceback, without any variable's value, to the state folder; None when it cannot be."""
    home, state = env.get("HOME"), env.get("XDG_STATE_HOME")
    if not (home or state):
        return None  # a folder that everybody may write is no place for it
    folder = Path(state or f"{home}/.local/state") / "opsconsole"
    path = folder / f"crash-{now.strftime('%Y%m%dT%H%M%SZ')}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        return None
    return path
