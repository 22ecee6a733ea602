"""Pictures of a terminal: `python -m tests.pty.picture [--size 160x50] [--press "2 down"] OUT.png [-- CMD]`.

Draws the console in its demo, or whatever command follows `--`, as a PNG. With `--containers` the demo finds
the containers of a shop in a private engine, and sees no process but its own. The font is DejaVu Sans Mono
(Debian: fonts-dejavu-core); bars and braille are drawn as shapes, so that they join as in a terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tests.pty.terminal import Terminal
from tests.servers.dockerd import Dockerd

FONTS = Path("/usr/share/fonts/truetype/dejavu")
CELL = (9, 18)
"""Width and height of a cell in pixels."""
DARK, LIGHT = "0c0c0c", "d4d4d4"
NAMED = {
    "black": "000000", "red": "cd3131", "green": "0dbc79", "brown": "e5e510", "blue": "2472c8",
    "magenta": "bc3fbc", "cyan": "11a8cd", "white": "e5e5e5", "brightblack": "666666",
    "brightred": "f14c4c", "brightgreen": "23d18b", "brightbrown": "f5f543", "brightblue": "3b8eea",
    "brightmagenta": "d670d6", "brightcyan": "29b8db", "brightwhite": "ffffff",
}  # fmt: skip
"""What pyte calls the sixteen colours."""

ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""A command that sees no process but its own."""
_SERVE = 'i=0; while :; do i=$((i + 1)); echo "GET /products/$((i * 37 % 900)) 200"; sleep 3; done'
SHOP: Mapping[str, tuple[Sequence[str], str]] = {
    "shop-web-1": (("--memory", "128m"), _SERVE),
    "shop-web-2": (("--memory", "128m"), _SERVE),
    "shop-api-1": (("--cpus", "0.2"), "while :; do :; done"),
    "shop-search-1": (
        ("--memory", "64m", "--tmpfs", "/index:size=40m"),
        "dd if=/dev/zero of=/index/x bs=1M count=36; exec sleep 100000",
    ),
    "shop-cart-1": ((), "exec sleep 100000"),
    "shop-mailer-1": (
        ("--health-cmd", "echo smtp timeout; false", "--health-interval", "2s", "--health-retries", "1"),
        "exec sleep 100000",
    ),
    "shop-worker-1": (
        ("--restart", "always"), "sleep 1; echo 'FATAL cannot reach the ledger: connection refused'; exit 3",
    ),
    "shop-import-1": (("--memory", "16m"), "dd if=/dev/zero of=/dev/shm/x bs=1M count=48"),
    "shop-migrate-1": ((), "echo 41 migrations applied"),
}  # fmt: skip
"""Containers with something to tell: their options, and what their shell runs."""


@contextlib.contextmanager
def shop() -> Iterator[Mapping[str, str]]:
    """The environment in which the shop's containers are found, while they run."""
    with Dockerd() as engine:
        for name, (options, script) in SHOP.items():
            service = name.split("-")[1]
            labels = ("com.docker.compose.project=shop", f"com.docker.compose.service={service}")
            named = [part for label in labels for part in ("--label", label)]
            engine.run(name, "sh", "-c", script, options=[*options, *named])
        yield {"DOCKER_HOST": engine.host}


def possible() -> bool:
    """Whether this machine lets us run an engine."""
    programs = ("dockerd", "docker", "busybox", ALONE[0])
    return os.geteuid() == 0 and all(map(shutil.which, programs))


def draw(cells: list[list[Any]]) -> Image.Image:
    """The screen as a picture."""
    plain, bold = (_font(name) for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"))
    width, height = CELL
    image = Image.new("RGB", (len(cells[0]) * width, len(cells) * height), f"#{DARK}")
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            front, back = _colour(cell.fg, LIGHT), _colour(cell.bg, DARK)
            if cell.reverse:
                front, back = back, front
            x, y = column * width, row * height
            pen.rectangle((x, y, x + width - 1, y + height - 1), fill=back)
            if not _shape(pen, cell.data, x, y, front) and cell.data.strip():
                pen.text((x, y), cell.data, font=bold if cell.bold else plain, fill=front)
    return image


def _font(name: str) -> Any:
    path = FONTS / name
    return ImageFont.truetype(str(path), 15) if path.exists() else ImageFont.load_default()


def _colour(name: str, default: str) -> str:
    return "#" + (default if name == "default" else NAMED.get(name, name))


def _shape(pen: ImageDraw.ImageDraw, char: str, x: int, y: int, colour: str) -> bool:
    """Draw a bar or a braille cell as a shape; whether it was one."""
    width, height = CELL
    code = ord(char[0]) if char else 0
    if 0x2581 <= code <= 0x2588:
        top = y + height - round((code - 0x2580) * height / 8)
        pen.rectangle((x, top, x + width - 1, y + height - 1), fill=colour)
        return True
    if 0x2800 <= code <= 0x28FF:
        places = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
        for bit, (right, down) in enumerate(places):
            if (code - 0x2800) >> bit & 1:
                left, top = x + 1 + right * 4, y + 2 + down * 4
                pen.rectangle((left, top, left + 1, top + 1), fill=colour)
        return True
    return False


def main() -> int:
    """Run a command in a terminal, press keys, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.pty.picture")
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="160x50", help="columns x rows")
    parser.add_argument("--wait", type=float, default=20.0, help="seconds before the first key")
    parser.add_argument(
        "--containers", action="store_true", help="with a private engine: needs root, docker.io"
    )
    parser.add_argument("--press", default="", help="keys by name, separated by blanks")
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    columns, rows = (int(part) for part in options.size.split("x"))
    program = os.path.relpath(Path(sys.executable).parent / "opsconsole")
    command = words[cut + 1 :] or [program, "demo"]
    with contextlib.ExitStack() as stack:
        env: Mapping[str, str] = {}
        if options.containers and possible():
            env, command = stack.enter_context(shop()), [*ALONE, *command]
        elif options.containers:
            print("without containers: they need root, docker.io and busybox", file=sys.stderr)
        terminal = stack.enter_context(Terminal(command, size=(columns, rows), env=env))
        time.sleep(options.wait)
        for key in options.press.split():
            terminal.press(key)
            time.sleep(1.0)
        draw(terminal.cells()).save(options.out, optimize=True)
        terminal.press("q")
        terminal.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
