"""Writes the reference tables of the documents: the configuration's from its own shape, PromQL's functions.

`python -m console.reference` writes them, `--check` says whether they are up to date (exit 1 if not).
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import get_origin

import msgspec

from console import config, probe_base, probe_local, probe_settings
from console.alerts.promql import catalogue
from console.config import Config
from console.report import toml
from console.section import Section
from console.shape import accepted, fields, item_of, table_of

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- reference: made by `make docs` -->", "<!-- end of the reference -->"


def _sections(section: type[Section], prefix: str = "") -> Iterator[tuple[str, type[Section]]]:
    """The tables in a section, each with its heading, in the section's order; tables of free names last."""
    named = []
    for name, kind in fields(section).items():
        own, item = table_of(kind), table_of(item_of(kind))
        if own is not None:
            yield f"[{prefix}{name}]", own
            yield from _sections(own, f"{prefix}{name}.")
        elif item is not None and get_origin(kind) is dict:
            named.append((f"[{prefix}{name}.NAME]", item))
        elif item is not None:
            yield f"[[{prefix}{name}]]", item
    yield from named


SECTIONS: dict[str, type[Section]] = {"": Config, **dict(_sections(Config))}
"""Every table there is, by its heading."""


def reference() -> str:
    """The tables, one a section."""
    documents = _documents()
    parts = []
    for heading, section in SECTIONS.items():
        title = f"### `{heading}`" if heading else "### Top level"
        rows = "\n".join(_rows(heading, section, _inherited(section, documents)))
        says = inspect.getdoc(section)
        parts.append(f"{title}\n\n{says}\n\n| key | takes | default | |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _rows(heading: str, section: type[Section], documents: dict[str, str]) -> Iterator[str]:
    defaults = msgspec.to_builtins(section())
    for name, kind in fields(section).items():
        if heading in ("", "[probes]") and (table_of(kind) or table_of(item_of(kind))):
            shown = "see below"
        elif heading == "" and name == "keys":
            shown = "a table of texts"
        else:
            shown = accepted(kind)
        default = (
            f"`{toml(defaults[name])}`" if shown != "see below" and defaults[name] not in ((), {}) else ""
        )
        yield f"| `{name}` | {shown} | {default} | {documents[name]} |"


def _inherited(section: type[Section], documents: dict[str, dict[str, str]]) -> dict[str, str]:
    """What is said of each field, where it was said last."""
    said: dict[str, str] = {}
    for base in reversed(section.__mro__):
        said |= documents.get(base.__name__, {})
    return said


def _documents() -> dict[str, dict[str, str]]:
    """What the source says below each field: section, field, sentence."""
    return {
        name: said
        for module in (config, probe_base, probe_settings, probe_local)
        for name, said in _documented(module).items()
    }


def _documented(module: ModuleType) -> dict[str, dict[str, str]]:
    tree = ast.parse(inspect.getsource(module))
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


PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "configuration.md": reference,
    DOCS / "alerts.md": catalogue.tables,
}
"""The documents that hold a reference, and what makes it."""


def written(page: str, made: str) -> str:
    """The page with its reference as the code has it."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n{END}{rest.partition(END)[2]}"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` only compare them; the exit code."""
    outdated = 0
    for path, make in PAGES.items():
        page = path.read_text(encoding="utf-8")
        right = written(page, make())
        outdated |= page != right
        if "--check" not in arguments:
            path.write_text(right, encoding="utf-8")
    return int(outdated and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
