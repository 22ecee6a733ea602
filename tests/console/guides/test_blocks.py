"""From bytes to blocks: encodings, boxes and folds, fences left open, and the line of everything."""

from __future__ import annotations

import pytest

from console.guides.blocks import Block, Code, Heading, Listing, Paragraph, Table, blocks_of
from console.guides.inline import codes, lead, links, plain, written
from console.guides.layout import lay_out
from console.guides.mending import decode, mend


def read(text: str) -> tuple[Block, ...]:
    return blocks_of(lay_out(text))[0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("🔧 Operations ✅ done", "mac_roman"),
        ("café – it’s quoted …", "cp1252"),
        ("⚠️ Careful — ‘now’", "mac_roman"),
    ],
)
def test_text_decoded_wrongly_before_is_mended(text: str, meant: str) -> None:
    mangled = text.encode("utf-8").decode(meant)
    found = mend(f"# {mangled}\nplain\n")
    assert (found.text, found.repaired) == (f"# {text}\nplain\n", True)


@pytest.mark.parametrize(
    "text", ["┌──┐ ◄──► │", "über—älles", "√ done ≥ 5 µs", "日本語 ✅", "—été", "naïve façade"]
)
def test_text_that_is_right_is_left_alone(text: str) -> None:
    assert mend(text).text == text
    assert not mend(text).repaired


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_order_and_line_ends_are_no_text(encoding: str) -> None:
    assert decode("# Ä\r\nb\rc\n".encode(encoding)).text == "# Ä\nb\nc\n"


def test_bytes_that_are_no_text_are_named_by_their_line() -> None:
    found = decode(b"a\nb \xff\xfe c\nd\n")
    assert found.broken == (2,)
    assert found.text.count("\n") == 3


def test_letters_of_an_old_editor_are_read_as_letters() -> None:
    found = decode("# Prüfung\n- Größe »à l’œil«, 5 °C\nplain\n".encode("cp1252"))
    assert found.text == "# Prüfung\n- Größe »à l’œil«, 5 °C\nplain\n"
    assert (found.repaired, found.broken) == (True, ())
    mixed = decode("# Prüfung\n".encode("cp1252") + "Größe ✅\n".encode() + b"b \xff\xfe c\n")
    assert mixed.text.startswith("# Prüfung\nGröße ✅\n")
    assert mixed.broken == (3,)


def test_every_block_keeps_its_line() -> None:
    text = "# A\n\npara\n\n- x\n  - y\n\n    ```sh\n    ls\n    ```\n\n> ```sh\n> df\n> ```\n\n"
    text += "|a|b|\n|-|-|\n|1|2|\n"
    found = read(text)
    assert [block.line for block in found if not isinstance(block, (Code,))][:3] == [1, 3, 5]
    listing = next(block for block in found if isinstance(block, Listing))
    inner = next(block for block in listing.items[0].blocks[0].items[0].blocks)  # type: ignore[union-attr]
    assert isinstance(inner, Code)
    assert (inner.text, inner.line, inner.end_line) == ("ls", 9, 9)
    quoted = next(block for block in found if isinstance(block, Code))
    assert (quoted.text, quoted.line) == ("df", 13)
    table = next(block for block in found if isinstance(block, Table))
    assert table.rows == ((18, ("1", "2")),)


@pytest.mark.parametrize(
    ("box", "line"),
    [
        ('!!! warning "Mind"\n    ```sh\n    ls\n    ```\n', 3),
        ("??? note\n    ```sh\n    ls\n    ```\n", 3),
        ('=== "Linux"\n\n\t```sh\n\tls\n\t```\n', 4),
        ("::: warning\n```sh\nls\n```\n:::\n", 3),
        ("> [!CAUTION]\n> ```sh\n> ls\n> ```\n", 3),
        ("<details>\n<summary>More</summary>\n```sh\nls\n```\n</details>\n", 4),
        ('{{< tabs >}}\n{{< tab title="Linux" >}}\n```sh\nls\n```\n{{< /tab >}}\n', 4),
        ('{% tab "Linux" %}\n\n```sh\nls\n```\n\n{% endtab %}\n', 4),
        ("<Tabs>\n<TabItem value='a'>\n```sh\nls\n```\n</TabItem>\n</Tabs>\n", 4),
    ],
)
def test_blocks_in_boxes_are_read(box: str, line: int) -> None:
    code = [block for block in read(box) if isinstance(block, Code)]
    assert [(one.text, one.lang, one.line) for one in code] == [("ls", "sh", line)]


def test_a_shortcode_leaves_its_title_and_a_stand_in_stays() -> None:
    text = '{{< tab title="Linux" >}}\n\n{% note %}\n\nuse {{ name }}\n\n{{ name }}\n'
    assert [block.text for block in read(text) if isinstance(block, Paragraph)] == [
        "Linux:", "use {{ name }}", "{{ name }}",
    ]  # fmt: skip


def test_front_matter_is_taken_off() -> None:
    layout = lay_out("---\ntitle: 'A b'\nowner: me\n---\n# X\n")
    assert layout.front == (("title", "A b"), ("owner", "me"))
    assert [block.line for block in blocks_of(layout)[0]] == [5]
    assert lay_out("---\n\ntext\n\n---\n").front == ()


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("```sh\nls\n\n## Next\ntext\n", "ls", ["Next"]),
        ("```sh\nls\n\n## Next\n\n```sh\ndf\n```\n", "ls", ["Next"]),
        ("```sh\nls\n\nThen say so.\n\n```sh\ndf\n```\n", "ls", []),
        ("```sh\nls\n# comment\n\n# other\ndf\n", "ls\n# comment\n\n# other\ndf", []),
    ],
)
def test_a_fence_never_closed_ends_where_a_person_ends_it(text: str, code: str, rest: list[str]) -> None:
    layout = lay_out(text)
    found = blocks_of(layout)[0]
    codes = [block for block in found if isinstance(block, Code)]
    assert codes[0].text.rstrip() == code
    assert [block.text for block in found if isinstance(block, Heading)] == rest
    assert [one.line for one in layout.unread] == [1]


def test_a_fence_never_closed_does_not_swallow_the_next_section() -> None:
    text = (
        "```bash\nrm x\n\n## Rotation\n\n- [ ] it ran\n\n```\n/var/log/x {\n}\n\n## Backups\n\n"
        "Every night by cron:\n\n```\n0 2 * * * /x\n```\n\nThe end.\n"
    )
    layout = lay_out(text)
    found = blocks_of(layout)[0]
    assert [block.text for block in found if isinstance(block, Heading)] == ["Rotation", "Backups"]
    assert [block.text.strip() for block in found if isinstance(block, Code)] == [
        "rm x", "/var/log/x {\n}", "0 2 * * * /x",
    ]  # fmt: skip
    assert [one.line for one in layout.unread] == [1, 8]


@pytest.mark.parametrize(
    "text",
    [
        "```bash\n# A\nls\n\n## B\ndf\n```\n",
        "```markdown\n# A\n\n## B\n\n- [ ] x\n```\n",
        "```\nnotes\n\n## B\n\nSome words here\n```\n",
    ],
)
def test_a_heading_in_a_block_that_is_closed_is_part_of_it(text: str) -> None:
    layout = lay_out(text)
    assert [type(block) for block in blocks_of(layout)[0]] == [Code]
    assert layout.unread == []


def test_a_fence_in_a_bullet_neither_closes_nor_names_a_language() -> None:
    found = read("```sh\nls\n- ```\ndf\n```\n")
    assert [block.text for block in found if isinstance(block, Code)] == ["ls\n- ```\ndf"]


def test_a_fence_closed_at_another_depth_is_closed() -> None:
    found = read("1. x\n   ```sh\n   ls\n```\n2. y\n")
    listing = found[0]
    assert isinstance(listing, Listing)
    assert [item.text for item in listing.items] == ["x", "y"]
    assert listing.items[0].blocks[0].text == "ls"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "box", ["- [ ] a", "* [x] a", "1. [ ] a", "☐ a", "- ☐ a", "- [ ] 1. a", "[ ] a", "  [x] a"]
)
def test_boxes_to_tick_in_every_dialect(box: str) -> None:
    listing = read(f"{box}\n")[0]
    assert isinstance(listing, Listing)
    assert listing.items[0].task
    assert listing.items[0].text.endswith("a")


def test_a_number_behind_a_bullet_counts() -> None:
    listing = read("- 1. a\n- 2. b\n")[0]
    assert isinstance(listing, Listing)
    assert [(item.text, item.counted) for item in listing.items] == [("a", True), ("b", True)]


def test_nesting_too_deep_is_named() -> None:
    text = "\n".join("  " * depth + "- a" for depth in range(60))
    assert blocks_of(lay_out(text))[1]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("**Response Time**: `x_y` < 5", "Response Time: x_y < 5"),
        ("a **b** _c_ __d__ snake_case *e* ~~f~~", "a b c d snake_case e f"),
        ("[x](y) <https://a.b> &lt;5% \\*", "x https://a.b <5% *"),
        ("shop [![build](https://c/b.svg)](https://c)", "shop"),
        ("a <b>c</b><br/>", "a c"),
        ("`**kept**`", "**kept**"),
        ("odd ** stars", "odd ** stars"),
    ],
)
def test_a_line_reads_without_its_marks(text: str, reads: str) -> None:
    assert plain(text) == reads


def test_what_stands_in_a_line() -> None:
    assert [span.text for span in codes("run `a b` and ``c`d``")] == ["a b"]
    assert links("see [it](http://x) or [that](y.md)") == [("it", "http://x"), ("that", "y.md")]
    assert lead("**Who**: me") == ("Who", "me")
    assert lead("**Who:** me") == ("Who", "me")
    assert lead("plain") == ("", "plain")
    assert written("**a**  `b`") == "a b"


def test_a_call_out_is_no_text() -> None:
    assert [block.text for block in read("> [!NOTE]\n> mind this\n") if isinstance(block, Paragraph)] == [
        "mind this"
    ]
