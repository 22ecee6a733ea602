"""No known secret leaves in any form, however the bytes are cut; and what is no secret stays."""

from __future__ import annotations

import base64
import random
import re
import string
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.masks import LINE, Masks, MaskStream
from console.secrets import redact
from tests.console.test_secrets import PIECES
from tests.faults.leaks import ENCODINGS, secret_of, streamed


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_form_of_a_secret_leaves_wherever_its_bytes_are_cut(encoding: str) -> None:
    source = random.Random(encoding)
    for _ in range(20):
        secret = secret_of(source)
        form = ENCODINGS[encoding](secret).encode()
        masks = Masks([secret])
        data = b"the word is <" + form + b"> and it goes on"
        whole = streamed(masks, data)
        assert whole == b"the word is <***> and it goes on"
        for at in range(len(data)):
            assert streamed(masks, data[:at], data[at:]) == whole
        assert streamed(masks, *(data[at : at + 1] for at in range(len(data)))) == whole


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("after", ["", "\n", ";ab", "?"])
def test_base64_at_every_alignment(
    encode: Callable[[bytes], bytes], padded: bool, before: str, after: str
) -> None:
    source = random.Random(before + after)

    def told(secret: str) -> bytes:
        text = encode((before + secret + after).encode())
        return streamed(Masks([secret]), b"data: " + (text if padded else text.rstrip(b"=")) + b".\n")

    for _ in range(40):
        one = secret_of(source)
        other = "".join(source.sample(string.ascii_letters + string.digits, min(len(one.encode()), 60)))
        if len(other) == len(one.encode()):
            assert told(one) == told(other)  # what is left says nothing about the secret
            assert told(one).count(b"***") == 1


@pytest.mark.parametrize("width", [64, 76])
def test_a_long_secret_in_wrapped_base64(width: int) -> None:
    secret = "".join(random.Random(width).choice(string.ascii_letters) for _ in range(300))
    text = base64.b64encode(secret.encode()).decode()
    told = Masks([secret]).mask("\n".join(text[at : at + width] for at in range(0, len(text), width)) + "\n")
    assert set(told) <= set("*\n=") | set(text[-2:])


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    secret = "first line of it\n  second line of it\nab\n"
    told = Masks([secret]).mask("x first line of it y\nsecond line of it")
    assert told == "x *** y\n***"
    assert "***" in Masks([secret]).mask(base64.b64encode(secret.encode()).decode())


@pytest.mark.parametrize("secret", ["", "a", "abc", " abc ", "漢字本", "x\ny"])
def test_what_is_shorter_than_four_characters_stays(secret: str) -> None:
    text = f"abc {secret} and {base64.b64encode(secret.encode()).decode()} {secret.encode().hex()}"
    assert Masks([secret]).mask(text) == text


def test_secrets_that_overlap_leave_nothing_between_them() -> None:
    masks = Masks(["abcdefgh", "efghijkl", "ijklm"])
    assert masks.mask("<abcdefghijklm>") == "<***>"
    assert masks.mask("<abcdefgh abcdefghijkl>") == "<*** ***>"


def test_what_looks_like_a_secret_is_masked_line_by_line() -> None:
    data = b"ok\nPGPASSWORD=S3cr psql\r\n\xff broken token: abc123\nAuthorization: Bearer S3cr\n"
    told = streamed(Masks(), data)
    assert told == b"ok\nPGPASSWORD=*** psql\r\n\xff broken token: ***\nAuthorization: Bearer ***\n"


@given(st.lists(PIECES, max_size=30).map("".join), st.data())
def test_shapes_are_masked_as_they_are_in_a_line_of_their_own(text: str, data: st.DataObject) -> None:
    if "PRIVATE KEY" in text:
        return
    raw = (text + "\n").encode()
    expected = "".join(redact(line) + "\n" for line in text.split("\n")).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=4)))
    chunks = [raw[first:last] for first, last in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert streamed(Masks(), *chunks) == expected


def test_a_private_key_of_many_lines() -> None:
    key = b"-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----\nafter\n"
    told = streamed(Masks(), b"cat key\n", key[:40], key[40:])
    assert b"MIIE" not in told
    assert b"IBAD" not in told
    assert told.endswith(b"-----END PRIVATE KEY-----\nafter\n")
    endless = streamed(Masks(), b"-----BEGIN PRIVATE KEY-----\n" + b"x\n" * 500)
    assert endless.count(b"x\n") == 100


@given(st.binary(max_size=300), st.data())
def test_bytes_pass_as_they_are_where_nothing_is_secret(raw: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(raw)))
    told = streamed(Masks(["not in there at all"]), raw[:cut], raw[cut:])
    if redact(raw.decode("latin-1")) == raw.decode("latin-1"):
        assert told == raw


def test_lines_without_an_end_leave_in_pieces_and_are_masked_across_them() -> None:
    source = random.Random(4)
    secrets = [
        "long-secret-" + "".join(source.choice(string.ascii_letters) for _ in range(20)) for _ in range(3)
    ]
    masks = Masks(secrets)
    for size in range(LINE - 90, LINE + 10):
        data = b"x" * size + secrets[0].encode() + secrets[1].encode() + b"y" * 9000 + secrets[2].encode()
        whole = streamed(masks, data)
        assert whole == b"x" * size + b"***" + b"y" * 9000 + b"***"
        for step in (1000, 4096, size + 5):
            assert streamed(masks, *(data[at : at + step] for at in range(0, len(data), step))) == whole


def test_what_is_held_back_is_bounded() -> None:
    stream = MaskStream(Masks(["a" * 64]))
    taken = given_back = 0
    for _ in range(100):
        taken += 1000
        given_back += len(stream.feed(b"-" * 1000))
        assert taken - given_back <= LINE + 1100


def test_a_line_leaves_at_once_and_a_prompt_when_nothing_follows() -> None:
    stream = MaskStream(Masks(["topsecret"]))
    assert stream.feed(b"a line\nGo on? [y/N] ") == b"a line\n"
    assert stream.idle() == b"Go on? [y/N] "
    assert stream.idle() == b""
    assert stream.feed(b"y\n") == b"y\n"


def test_an_idle_moment_within_a_secret_tells_nothing_of_it() -> None:
    masks = Masks(["topsecret-of-mine"])
    for cut in range(4, 17):
        stream = MaskStream(masks)
        data = b"it is topsecret-of-mine, he said\n"
        out = stream.feed(data[: 6 + cut]) + stream.idle()
        assert out == b"it is "
        assert out + stream.feed(data[6 + cut :]) == b"it is ***, he said\n"
    stream = MaskStream(masks)  # fewer than four characters tell too little to wait for
    out = stream.feed(b"it is top") + stream.idle() + stream.feed(b"secret-of-mine.\n")
    assert out == b"it is top" + b"***.\n"


def test_an_idle_moment_within_a_shape() -> None:
    stream = MaskStream(Masks())
    out = stream.feed(b"Password: ") + stream.idle()
    assert out == b"Password: "
    assert stream.feed(b"S3cr-et1") + stream.idle() == b"***"
    assert stream.feed(b"xyz\nnext\n") == b"\nnext\n"


def test_text_of_any_kind_comes_back() -> None:
    masks = Masks(["hunter22"])
    assert masks.mask("half \ud83d and \udc80 hunter22\r\n") == "half \ud83d and \udc80 ***\r\n"
    assert masks.mask("") == ""
    assert "hunter22" not in repr(masks)


SMALL = st.text("ab", min_size=4, max_size=8)


def by_hand(text: str, secrets: list[str]) -> str:
    """The text with every place of every secret masked, found the slow way."""
    hidden = {at + offset for secret in secrets for at in range(len(text)) if text.startswith(secret, at)
              for offset in range(len(secret))}  # fmt: skip
    shown = "".join("\0" if at in hidden else char for at, char in enumerate(text))
    return re.sub("\0+", "***", shown)


@given(st.lists(SMALL, min_size=1, max_size=40), st.text("ab \n", max_size=200), st.data())
def test_secrets_that_lie_over_each_other_in_any_way(
    secrets: list[str], text: str, data: st.DataObject
) -> None:
    masks = Masks(secrets)
    expected = by_hand(text, secrets)
    assert masks.mask(text) == expected
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    chunks = [text[first:last].encode() for first, last in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert streamed(masks, *chunks).decode() == expected


@given(SMALL, st.text("ab ", max_size=60), st.data())
def test_idle_moments_tell_no_whole_secret(secret: str, text: str, data: st.DataObject) -> None:
    stream = MaskStream(Masks([secret]))
    out = b""
    for at in range(len(text)):
        out += stream.feed(text[at : at + 1].encode())
        if data.draw(st.booleans()):
            out += stream.idle()
    out += stream.feed(b"\n") + stream.finish()
    assert secret.encode() not in out


def test_masks_load_little() -> None:
    code = "import sys, console.masks; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"asyncio", "msgspec", "rich", "apsw", "textual", "json", "subprocess", "socket"}
