"""Guides that are none: odd lines, hostile shapes, own guides in pieces; and what must hold of them all."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from pathlib import Path

from console.guides.mending import decode
from console.guides.model import Guide
from console.guides.reading import read_text
from console.text import clean

OWN = Path(__file__).parents[2] / "guides"
TEXTS = [decode(path.read_bytes()).text for path in sorted(OWN.glob("*.md"))]
LINES = [line for text in TEXTS for line in text.splitlines()]
ODD = (
    "\x00\x1b]0;x\x07", "\u202e", "\ud800", "```", "~~~~", "````bash",
    "> ", "  " * 9, "- [ ] ", "1. [x]", "$ ", "<<EOF",
    "$(" * 9, "`", "|", "|-|", "---", "+++", "!!! x",
    "<details>", "</summary>", "<!--", "# 1. ", "echo '1. x'", "* * * * *", "\t",
    "\r", "\x0b", "\x85", "é", "🔧", "üîß", "((", "{{x}}",
    "'", '"', "\\", "- alert: x", "**Steps**:", "**Commands**:", "ssh a", "exit",
    "- ```", "1. ~~~", "web$ ls", "sh-5# ", "a=> select 1", "{{< tab", "[ ] ", "It prints:", '{"a": 1}',
    "Then `ls -l`.", "### Step 1", "| **a** |", "**RTO**: < 5 min", "vi x", "# Add:", "\udcfc",
)  # fmt: skip


def check(guide: Guide) -> None:
    """What holds for every guide."""
    ids = [one.id for one in guide.procedures]
    assert len(ids) == len(set(ids))
    for procedure in guide.procedures:
        assert procedure.steps or procedure.cron
        assert procedure.title
        assert clean(procedure.title) == procedure.title
        for number, step in enumerate(procedure.steps, 1):
            assert step.number == number
            assert 1 <= step.line <= step.end_line
            assert clean(step.title) == step.title
            assert bool(step.command) is step.runnable


def block(lang: str, text: str) -> Callable[[int], str]:
    """A block of one tag, filled with a text again and again."""
    return lambda size: f"## X\n```{lang}\n{text * (size // len(text))}\n```\n"


def again(text: str) -> Callable[[int], str]:
    """A text again and again."""
    return lambda size: text * (size // len(text))


HOSTILE: dict[str, Callable[[int], str]] = {
    "quotes": again(">"),
    "quoted levels": again("> "),
    "brackets": again("["),
    "links": again("]("),
    "backticks": again("`"),
    "stars": again("**a "),
    "angles": again("<a "),
    "tabs": again("\t"),
    "tabs before a word": lambda size: "\t" * size + "a\n",
    "spaces before a word": lambda size: "- a\n\n" + " " * size + "a\n",
    "spaces within a line": lambda size: "```yaml\n- alert: a" + " " * size + "a\n```\n",
    "empty lines": again("\n"),
    "lists in lists": lambda size: "\n".join("  " * depth + "- a" for depth in range(int(size**0.5))),
    "lists on a line": again("- "),
    "items": again("- a\n"),
    "fences never closed": again("```bash\nls\n"),
    "fences": again("```\nls\n```\n"),
    "fences with headings": again("```\nls\n\n## a\n```\n"),
    "open fences with headings": again("```sh\nls\n\n## a\n\n- [ ] b\n"),
    "a fence with headings": lambda size: "```sh\n" + "\n## a\n" * (size // 6) + "```\n",
    "shortcodes": again("{{< a b {{"),
    "badges": again("[![a](b)]("),
    "old letters": again("Gr\xf6\xdfe ".encode("latin-1").decode("utf-8", "surrogateescape")),
    "paragraphs": again("Then `ls -l`.\n\n"),
    "paragraphs before blocks": again("Look at it:\n```sh\nls\n```\nIt prints:\n```\na\n```\n"),
    "lists that restart": again("1. a\n```sh\nls\n```\n1. b\n"),
    "step headings": again("### Step 1\n1. a `ls -l`\n2. b\n"),
    "rules across": again("a\n\n---\n"),
    "bold rows": again("| | |\n|-|-|\n| **a** | **b** |\n"),
    "limits of cells": lambda size: "|a|b|\n|-|-|\n" + "|x|Alert if > 5, warn > 3|\n" * (size // 26),
    "headings": again("# a\n"),
    "titles": again("a:\n\n"),
    "folds": again("<details><summary>a</summary>\n"),
    "boxes in boxes": lambda size: "\n".join(
        "    " * depth + '!!! a "b"' for depth in range(int((size / 2) ** 0.5))
    ),
    "steps and commands": again("**Steps**:\n1. a\n\n**Commands**:\n```bash\n# a\nls\n```\n"),
    "substitutions": lambda size: "```bash\n" + "$(" * 5_000 + "\n```\n" + "x" * (size - 10_000),
    "one pipe": block("bash", "a | "),
    "pipes": block("bash", "a | b | c\nd >x\n"),
    "commands": block("bash", "ls\n"),
    "commands on a line": block("bash", "a;"),
    "conditions": block("bash", "if a; then\n"),
    "open quotes": block("bash", '"'),
    "issues": block("bash", "# ISSUE 1: a\nls\n"),
    "here-documents": block("bash", "cat <<EOF\n"),
    "sessions": block("console", "$ ls\nout\n"),
    "sessions elsewhere": block("console", "$ ssh a\na$ ls\n"),
    "prompts of databases": block("", "a=> select 1\n"),
    "objects": block("bash", 'curl x\n{"a": 1}\n'),
    "an object": block("bash", '{"a": '),
    "editors": block("bash", "vi x\n# Add\na b\n"),
    "jobs": block("bash", "* * * * * a\n"),
    "containers": block("bash", "docker exec $C rm x\n"),
    "open statements": block("sql", "select '\n"),
    "rules": block("yaml", "- alert: a\n  expr: b > 1\n"),
    "broken rules": block("yaml", '- alert: "a\n'),
    "anchors": block("yaml", "- &a alert: a\n- *a\n"),
    "limits": again("- **CPU**: < 80 %\n"),
    "addresses": again("http://a.b/health "),
    "numbers": again("9"),
    "mangled": again("üîß "),
}


PLAIN = """## Restart the shop

When it is slow, look at its log and restart it.

1. Look: `tail -n 50 /var/log/shop.log`
2. Restart: `systemctl restart shop`

```bash
curl -fsS http://localhost/health
```

- CPU: < 80 %

"""
"""What guides are mostly made of: the measure of all others."""


def shuffled(text: str, cuts: int, chance: random.Random) -> str:
    """A guide cut at random places, its pieces in another order with something odd between them."""
    places = sorted(chance.randrange(len(text)) for _ in range(cuts))
    parts = [text[low:high] for low, high in zip([0, *places], [*places, len(text)], strict=True)]
    chance.shuffle(parts)
    return chance.choice(ODD).join(parts)


def spent(text: str) -> float:
    """Seconds of CPU this thread takes to read a guide."""
    gc.disable()  # a collection costs what other tests have left alive
    try:
        begin = time.thread_time()
        check(read_text(text, "x.md"))
        return time.thread_time() - begin
    finally:
        gc.enable()
