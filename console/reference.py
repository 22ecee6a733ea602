"""Writes the reference tables of `docs/configuration.md` from the configuration's own shape.

`python -m console.reference` writes them, `--check` says whether they are up to date (exit 1 if not).
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from console import config
from console.config import Config, Section
from console.report import toml
from console.shape import accepted, fields, item_of, table_of

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"
BEGIN, END = "<!-- reference: made by `make docs` -->", "<!-- end of the reference -->"
SECTIONS: dict[str, type[Section]] = {
    "": Config,
    "[limits]": config.Limits,
    "[[docker]]": config.DockerTarget,
    "[[postgres]]": config.PostgresTarget,
    "[[redis]]": config.RedisTarget,
    "[logs]": config.LogSettings,
    "[profiles.NAME]": config.Profile,
}


def reference() -> str:
    """The tables, one a section."""
    documents = _documents()
    parts = []
    for heading, section in SECTIONS.items():
        title = f"### `{heading}`" if heading else "### Top level"
        rows = "\n".join(_rows(heading, section, documents[section.__name__]))
        says = inspect.getdoc(section)
        parts.append(f"{title}\n\n{says}\n\n| key | takes | default | |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _rows(heading: str, section: type[Section], documents: dict[str, str]) -> Iterator[str]:
    defaults = msgspec.to_builtins(section())
    for name, kind in fields(section).items():
        if heading == "" and (table_of(kind) or table_of(item_of(kind))):
            shown = "see below"
        elif heading == "" and name == "keys":
            shown = "a table of texts"
        else:
            shown = accepted(kind)
        default = (
            f"`{toml(defaults[name])}`" if shown != "see below" and defaults[name] not in ((), {}) else ""
        )
        yield f"| `{name}` | {shown} | {default} | {documents[name]} |"


def _documents() -> dict[str, dict[str, str]]:
    """What the source says below each field: section, field, sentence."""
    tree = ast.parse(inspect.getsource(config))
    return {
        node.name: {
            before.target.id: inspect.cleandoc(after.value.value).replace("\n", " ")
            for before, after in zip(node.body, node.body[1:], strict=False)
            if isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def written(page: str) -> str:
    """The page with its reference as the code has it."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{rest.partition(END)[2]}"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` only compare it; the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    right = written(page)
    if "--check" in arguments:
        return int(page != right)
    PAGE.write_text(right, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
