"""The documents say what the code does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from console import reference
from console.config import Config, DockerTarget
from console.layers import load
from console.probe_settings import Probes
from console.section import Section
from console.shape import fields, item_of, table_of

DOCS = reference.DOCS


def test_the_reference_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert reference.main(["--check"]) == 0


def test_an_outdated_reference_is_noticed_and_mended(tmp_path: Path, monkeypatch: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{reference.BEGIN}\nold\n{reference.END}\nafter\n")
    monkeypatch.setattr(reference, "PAGES", {page: lambda: "new"})
    assert reference.main(["--check"]) == 1
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    assert page.read_text().startswith("before\n")
    assert "\nnew\n" in page.read_text()
    assert page.read_text().endswith("\nafter\n")


def test_every_key_of_every_section_is_explained() -> None:
    parts = reference.reference().split("### ")[1:]
    for part, section in zip(parts, reference.SECTIONS.values(), strict=True):
        rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]
        assert [row[0].strip("| `") for row in rows] == list(fields(section))
        assert all(len(row[3].strip(" |")) > 5 for row in rows)


def test_every_section_has_its_table() -> None:
    sections: set[type[Section]] = {Config}
    for part in (Config, Probes):
        for kind in fields(part).values():
            sections |= {section for section in (table_of(kind), table_of(item_of(kind))) if section}
    assert sections == set(reference.SECTIONS.values())


def test_a_new_table_is_in_the_reference_by_itself() -> None:
    """Nobody has to remember a second place."""

    class Wider(Config, frozen=True):
        probe: Probes = Probes()
        machines: tuple[DockerTarget, ...] = ()
        teams: dict[str, DockerTarget] = {}  # noqa: RUF012 a struct copies it

    found = dict(reference._sections(Wider))
    assert found.keys() - reference.SECTIONS.keys() == {
        "[probe]", "[[machines]]", "[teams.NAME]",
        *(heading.replace("[[probes.", "[[probe.") for heading in found if heading.startswith("[[probes.")),
    }  # fmt: skip


def test_the_examples_of_the_documents_are_right(tmp_path: Path) -> None:
    for document in (DOCS / "configuration.md", DOCS / "probes.md", DOCS.parent / "README.md"):
        for number, block in enumerate(document.read_text().split("```toml\n")[1:]):
            file = tmp_path / f"{document.stem}-{number}.toml"
            file.write_text(block.partition("```")[0])
            file.chmod(0o600)
            assert load({}, file=file).notes == (), document


def test_the_variables_of_the_documents_are_right() -> None:
    block = (DOCS / "configuration.md").read_text().partition("```sh\n")[2].partition("```")[0]
    pairs = (line.partition("  #")[0].strip().partition("=") for line in block.splitlines())
    env = {name: value.strip("'") for name, _, value in pairs}
    assert len(env) == 4
    assert load(env, directory=Path("/nonexistent")).notes == ()
