"""What writing to a path means: nothing, a change, or the end of a system's file or disk."""

from __future__ import annotations

import re

from console.guides.model import Risk

NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/zero", "-", ""})
_DEVICES = re.compile(
    r"/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|md|dm-|mapper/|disk/|loop|ram|zram|mem|kmem|port|nvram|sr|bcache|nbd)"
)
_SYSTEM = re.compile(
    r"/(?:etc|boot|usr|bin|sbin|lib|lib32|lib64|proc|sys|efi)(?:/|$)|/var/(?:lib|spool|mail|backups)(?:/|$)"
    r"|(?:/root|~[\w-]*|\$HOME|/home/[^/]+)/\.(?:ssh|bash|profile|zsh)"
)
_WHOLE = re.compile(
    r"(?:/|~|/\*|\.|\./\*?|\.\.|\*|/(?:home|root|var|etc|usr|opt|srv|boot|lib|bin|data)/?\*?)$"
)


def writing(path: str | None, adds: bool = False) -> Risk:
    """The risk of writing to a path; `adds` when what is there stays."""
    if path is None:
        return Risk.CHANGE
    while "//" in path or "/./" in path:
        path = path.replace("//", "/").replace("/./", "/")
    if path in NOWHERE or re.fullmatch(r"/dev/fd/\d+", path):
        return Risk.READ
    if _DEVICES.match(path) or path.startswith("/proc/"):
        return Risk.DESTRUCTIVE
    if "/../" in path:
        return Risk.DESTRUCTIVE if path.startswith("/") else Risk.CHANGE
    return Risk.DESTRUCTIVE if _SYSTEM.match(path) and not adds else Risk.CHANGE


def whole(path: str) -> bool:
    """Whether a path names a whole tree: `/`, a home, all files here."""
    return _WHOLE.match(path) is not None
