"""Text that wants to be more than text: what a log line, a name or a query may hold on a bad day."""

from __future__ import annotations

import random
from collections.abc import Iterator

STRINGS: list[str] = [
    "\x1b]0;TITLE-TAKEN\x07",  # window title
    "\x1b]2;TITLE-TAKEN\x1b\\",
    "\x1b]8;;http://evil.example/\x1b\\LINK\x1b]8;;\x1b\\",  # hyperlink
    "\x1b]52;c;RVZJTA==\x07",  # clipboard
    "\x1b]1337;File=inline=1:AAAA\x07",  # picture
    "\x1b]22;crosshair-evil!\x07",
    "\x1b[2J\x1b[H",  # clear and go home
    "\x1b[777;1Hfar below\x1b[1;777H",
    "\x1b[?1049l\x1b[?25h\x1b[?1000l",  # leave the alternate screen
    "\x1b[31;1;5mRED\x1b[0m",
    "\x1b[6n\x1b[c\x1b[>0q",  # questions whose answers are typed into the program
    "\x1b[20;3t\x1b[8;5;5t",  # window operations
    "\x1b[1;5r\x1b[?6h\x1b[4h",  # margins, origin, insert mode
    "\x1bP+q544e\x1b\\",  # termcap question
    "\x1bP1$r0m\x1b\\\x1b_Gf=100;AAAA\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\",
    "\x1bc\x1b7\x1b8\x1b(0\x1b#8\x1b=\x1b>",  # reset, charset, alignment pattern
    "\x9b2J\x9d0;C1-TITLE\x9c\x90q\x9c\x85\x8d",  # the same as C1
    "\u009b31m\u009d52;c;RVZJTA==\u009c",
    "a\x00b\x00",
    "ok\rEVIL\x08\x08\x0b\x0c\x07\x0e\x0f\x7f",
    "two\nlines\r\nand\tthree\u2028four\u2029five\x85six",
    "\u202egnp.exe\u202c \u2066left\u2069 \u200fright\u061c",  # bidirectional overrides
    "zero\u200bwidth\u200d\u2060\ufeffjoin\u00ad",
    "\U000e0041\U000e0042 tags \ufe0f\ufe0e",
    "[/",
    "[/]",
    "[@click=app.quit]click[/]",
    "[@click='app.bell']x[/] [link=http://evil.example]y[/link]",
    "[bold red]$var [$error on $warning]not markup[/]",
    "[" * 200,
    "]]]]}}}{{{%s%d{0}${HOME}`id`$(id)",
    "e" + "\u0301" * 300,  # combining marks without end
    "Z\u0363\u0364\u0489\u20dd" * 40,
    "漢字カタカナ한글" * 20,  # two cells each
    "🧨👩‍👩‍👧‍👦🏳️‍🌈🇩🇪" * 10,
    "\ud7ff\ue000\uf8ff\ufdd0\ufffe\uffff\U0010ffff",
    "ｆｕｌｌｗｉｄｔｈ ﷽﷽﷽ 𒐫𒐫",
    "' OR 1=1; -- \\x1b]0;x\\x07 \\u001b[2J",
    "A" * 5000,
    " " * 300 + "far right",
    "",
]
"""Each tries one thing; tests put them wherever text can come from."""

BROKEN = [
    b"\xff\xfe\xfd broken",
    b"cut short \xe2\x82",
    b"overlong \xc0\x9b31m\xc1\x9d",
    b"surrogates \xed\xa0\x80\xed\xb0\x80",
    b"\x9b2J raw C1 \x9d0;t\x9c",
    b"\xf5\x80\x80\x80 \xf8\x88\x80\x80\x80",
]
"""Bytes that are no UTF-8."""

_PIECES = [s.encode("utf-8", "surrogatepass") for s in STRINGS if len(s) < 400] + BROKEN


def garbage(count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` lines (without their ends) of mixtures of everything here, the same for one seed."""
    chance = random.Random(seed)
    for number in range(count):
        pieces = [chance.choice(_PIECES) for _ in range(chance.randint(1, 4))]
        noise = chance.randbytes(chance.randint(0, 40)).replace(b"\n", b" ")
        level = chance.choice([b"ERROR", b"WARN", b"INFO", b""])
        yield b" ".join([b"%d" % number, level, *pieces, noise]).replace(b"\n", b"\x0b")


def text(limit: int, seed: int = 0, *, nul: bool = False) -> str:
    """One string of at most `limit` bytes in UTF-8 that tries several things at once."""
    chance = random.Random(seed)
    made = ""
    while len(made.encode("utf-8", "replace")) < limit:
        made += chance.choice(STRINGS)[:40]
    made = made.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
    return made if nul else made.replace("\0", "")
