"""`opsconsole doctor`: what was found, what was not, why, and the fix; and where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from console.discovery import Discovery, discover
from console.errors import NotFound, OpsError
from console.facts import Fact, Weight, host_facts, library_facts, permission_facts, terminal_facts
from console.layers import Loaded
from console.look import Seen, configured, look
from console.report import Paint, columns, json_text, painter
from console.secrets import redact
from console.sources.health.kinds import Misconfigured, configured_probes
from console.sources.kubernetes.contexts import Files
from console.sources.kubernetes.likely import usual_files
from console.text import clean
from console.units import counted, duration

TONES = {Weight.GOOD: "good", Weight.NOTE: "warn", Weight.PROBLEM: "bad"}


def doctor(loaded: Loaded, as_json: bool, env: Mapping[str, str]) -> int:
    """Look at everything once and print it; exit code 1 when something is a problem."""
    facts = list(examine(loaded, env))
    code = int(any(fact.weight is Weight.PROBLEM for fact in facts))
    if as_json:
        print(json_text({"exit": code, "facts": [asdict(fact) for fact in facts]}))
        return code
    for line in _lines(facts, painter(env)):
        print(line)
    return code


def examine(loaded: Loaded, env: Mapping[str, str]) -> Iterator[Fact]:
    """Every fact, section by section, the sources first."""
    found = discover(loaded.config, env)
    wanted = configured(loaded.config)
    for seen in asyncio.run(look(found.sources, wanted, gap=0.2)):
        yield from _source(seen)
    yield from _probes(loaded, env)
    if not any(source.kind == "kubernetes" for source in found.sources):
        absent = Files(usual_files(env), env).absent()
        yield Fact("sources", "kubernetes", absent.reason, Weight.NOTE, absent.fix)
    yield from _notes(found, loaded)
    for file in loaded.files:
        yield Fact("configuration", "file", clean(f"{file.path}: {file.state}", 300))
    profile = loaded.config.profile
    yield Fact("configuration", "profile", clean(profile, 80) or "none in use")
    yield _record(loaded, env)
    yield from terminal_facts(env)
    yield from host_facts()
    yield from permission_facts()
    yield from library_facts()


def _record(loaded: Loaded, env: Mapping[str, str]) -> Fact:
    """Whether what is done could be written down; nothing is begun by looking."""
    from console.journal import place

    try:
        path = place.journal_path(loaded.config, env)
        place.examine(path)
    except OpsError as error:
        return Fact("record", "journal", error.reason, Weight.PROBLEM, error.fix)
    begun = "" if path.exists() else "none yet, it is begun by the first run: "
    return Fact("record", "journal", clean(f"{begun}{path}", 300))


def _source(seen: Seen) -> Iterator[Fact]:
    source, reading, error = seen.feed.source, seen.feed.reading, seen.error
    if isinstance(error, NotFound):
        weight = Weight.PROBLEM if seen.wanted else Weight.NOTE
        yield Fact("sources", source.name, f"not found: {redact(error.reason)}", weight, redact(error.fix))
    elif error is not None:
        yield Fact("sources", source.name, redact(error.reason), Weight.PROBLEM, redact(error.fix))
    elif reading is not None:
        answered = f"answered in {duration(reading.duration)}"
        yield Fact("sources", source.name, f"{redact(source.target)}: {answered}")
    for sentence in seen.feed.snapshot.limited if seen.feed.snapshot else ():
        fix = seen.feed.snapshot.remedies.get(sentence, "") if seen.feed.snapshot else ""
        yield Fact("sources", source.name, f"limited view: {redact(sentence)}", Weight.NOTE, redact(fix))


def _probes(loaded: Loaded, env: Mapping[str, str]) -> Iterator[Fact]:
    """Probes that cannot be asked as they are written; or that there are none."""
    probes = configured_probes(loaded.config, env)
    for probe in probes:
        if isinstance(probe, Misconfigured):
            yield Fact("sources", probe.name, probe.error.reason, Weight.PROBLEM, probe.error.fix)
    if offered := _offered(loaded):
        text = f"the guides name {counted(offered, 'thing')} that no probe watches"
        yield Fact("sources", "health", text, Weight.NOTE, "see opsconsole guide probes")
    elif not probes:
        fix = 'write [[probes.http]] with url = "https://..."; see docs/probes.md'
        yield Fact("sources", "health", "no probe is configured", Weight.NOTE, fix)


def _offered(loaded: Loaded) -> int:
    """How many probes the guides suggest; none where guides are not likely to be."""
    from console.guides.library import Library
    from console.offering import tables

    return tables(Library(loaded.config).guides(), loaded.config).count("[[")


def _notes(found: Discovery, loaded: Loaded) -> Iterator[Fact]:
    for note in found.notes:
        yield Fact("sources", "discovery", redact(note), Weight.PROBLEM)
    if found.compose_project:
        yield Fact("sources", "compose", f"project {found.compose_project} of this directory")
    for note in loaded.notes:
        yield Fact("configuration", "note", redact(note), Weight.NOTE)


def _lines(facts: list[Fact], paint: Paint) -> Iterator[str]:
    for section in dict.fromkeys(fact.section for fact in facts):
        yield paint(section, "bold")
        of_section = [fact for fact in facts if fact.section == section]
        rows = [(f"  {fact.weight:<7}", fact.name, fact.text) for fact in of_section]
        for fact, line in zip(of_section, columns(rows), strict=True):
            head = f"  {fact.weight:<7}"
            yield paint(head, TONES[fact.weight]) + line.removeprefix(head)
            if fact.fix:
                yield f"           fix: {fact.fix}"
    problems = sum(fact.weight is Weight.PROBLEM for fact in facts)
    tone = "bad" if problems else "good"
    yield paint(counted(problems, "problem"), tone)
