"""F15: secrets in every encoding, cut at every byte, masked as they stream."""

from __future__ import annotations

import base64
import html
import json
import random
import shlex
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from console.masks import Masks, MaskStream
from tests.faults.report import Result

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json, letters kept": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "uri": lambda secret: quote(secret, safe=""),
    "uri, small digits": lambda secret: "".join(
        part.lower() if part.startswith("%") else part for part in _percents(quote(secret, safe=""))
    ),
    "form": quote_plus,
    "xml": html.escape,
    "xml, marks kept": lambda secret: html.escape(secret, quote=False),
    "shell": lambda secret: shlex.quote(secret).removeprefix("'").removesuffix("'"),
    "hex": lambda secret: secret.encode().hex(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64, not padded": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "HEX": lambda secret: secret.encode().hex().upper(),
}


def _percents(text: str) -> list[str]:
    parts, at = [], 0
    while at < len(text):
        size = 3 if text[at] == "%" else 1
        parts.append(text[at : at + size])
        at += size
    return parts


def streamed(masks: Masks, *chunks: bytes) -> bytes:
    """What comes out of a stream fed with these chunks."""
    stream = MaskStream(masks)
    return b"".join(map(stream.feed, chunks)) + stream.finish()


def secret_of(random_: random.Random) -> str:
    """A secret as people and programs make them, of 4 to 40 characters."""
    alphabet = random_.choice(
        (
            string.ascii_letters + string.digits,
            string.printable.strip(),
            "abcß€漢😀'\"\\$&<>%+/ ",
            string.hexdigits,
        )
    )
    while True:
        made = "".join(random_.choice(alphabet) for _ in range(random_.randint(4, 40))).strip()
        if len(made) >= 4:
            return made


def leaks(secrets: int, seed: int = 15) -> Result:
    """F15: how many of the secrets stayed hidden in every encoding, wherever the bytes were cut.

    Of each also the first three characters alone as a secret, which must mask nothing.
    """
    source = random.Random(seed)
    good = cuts = 0
    for _ in range(secrets):
        secret = secret_of(source)
        masks, short = Masks([secret]), Masks([secret[:3]])
        hidden = True
        for encode in ENCODINGS.values():
            data = b"the word is <" + encode(secret).encode() + b"> and it goes on"
            expected = b"the word is <***> and it goes on"
            hidden = hidden and streamed(masks, data) == expected and streamed(short, data) == data
            for at in range(len(data)):
                hidden = hidden and streamed(masks, data[:at], data[at:]) == expected
                cuts += 1
        good += hidden
    return Result(
        "F15 secrets hidden in every form and cut",
        good,
        secrets,
        f"{cuts} cuts, 0 leaks" if good == secrets else "",
    )
