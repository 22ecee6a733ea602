"""Commands that are not for this shell: typed on another host, in a chroot, at a database's prompt.

A guide that says `ssh root@db` and then `systemctl restart postgresql` does not mean this host. What
follows such a line is shown and not offered to run, until the guide leaves again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from console.guides.draft import Draft
from console.guides.entering import LEAVING, at_client, enters
from console.guides.looks import certainly_command
from console.guides.model import StepKind
from console.guides.shell import Command, parse
from console.guides.vocabulary import EDITORS, FULL_SCREEN

ELSEWHERE = "\0elsewhere"
"""Where a prompt is that does not say whose it is: `sh-5.1#`."""
_MAY_EDIT = re.compile(r"\b(?:edit|crontab|" + "|".join(sorted(EDITORS)) + r")\b")


@dataclass(slots=True)
class Place:
    """Where the commands of a guide go, as far as it has been read; the innermost place last."""

    within: list[str] = field(default_factory=list)
    shown: bool = False
    """Whether a prompt of that place has been shown since it was entered."""

    @property
    def name(self) -> str:
        """Where that is; empty for a shell on this host."""
        return self.within[-1] if self.within else ""


def settle(drafts: Sequence[Draft]) -> None:
    """Go through the steps of one procedure in order; withhold those that belong elsewhere."""
    place = Place()
    for draft in drafts:
        if draft.apart:
            if draft.kind is StepKind.SHELL and draft.runs:
                _settle(draft, Place())
            continue
        if draft.where:
            _at_prompt(draft, place)
        elif draft.prompted and place.shown:
            place.within.clear()  # the prompt is this host's again: the guide forgot to say `exit`
            place.shown = False
        if draft.typed:
            _typed(draft, place)
        if draft.kind is StepKind.SHELL and draft.runs:
            _settle(draft, place)
        elif draft.withheld and not draft.where:
            _pass_by(draft, place)


def _at_prompt(draft: Draft, place: Place) -> None:
    """What was typed at a prompt that says where it is, or at one that is only not this host's."""
    if draft.where == ELSEWHERE:
        draft.where = place.name or "another shell"
    place.shown = place.shown or bool(place.within)
    first = draft.offered.split()[:1]
    if place.within and first and first[0] in LEAVING:
        place.within.pop()


def _pass_by(draft: Draft, place: Place) -> None:
    """Commands that are shown and not run take one elsewhere all the same."""
    here = place.name
    for command in parse(draft.offered).commands:
        if place.name and at_client(place.name) and certainly_command(_text(command)):
            place.within.pop()
            here = place.name
        if command.name in LEAVING and place.within:
            place.within.pop()
        elif deeper := enters(command):
            place.within.append(deeper)
    draft.where = here


def _typed(draft: Draft, place: Place) -> None:
    """What is no command here: said elsewhere, or to be read."""
    if not place.name:
        draft.add_note(draft.typed)
        return
    draft.withhold(place.name)
    draft.offered = draft.typed
    if any(line.strip() in LEAVING for line in draft.typed.split("\n")):
        place.within.pop()


def _settle(draft: Draft, place: Place) -> None:
    commands = parse(draft.command).commands
    here = place.name
    entered, foreign, spoken = "", bool(here), False
    for command in commands:
        if place.name and at_client(place.name) and command.name and certainly_command(_text(command)):
            place.within.pop()  # a guide that forgot to say `\q`
            foreign = foreign and spoken
            here = here if foreign else place.name
        if place.name:
            spoken = True
            foreign = True
            if command.name in LEAVING or (command.values and command.values[0] in LEAVING):
                place.within.pop()
            elif deeper := enters(command):
                place.within.append(deeper)
            continue
        if entered and not command.inside:
            foreign = True
        if deeper := enters(command):
            place.within.append(deeper)
            entered = deeper
    if foreign:
        draft.withhold(here or entered)
        return
    draft.interactive = bool(entered) or any(_wants_terminal(command) for command in commands)
    draft.background = any(goes_on(command) for command in commands)


def _text(command: Command) -> str:
    return " ".join(word.raw for word in command.words)


def edits(text: str) -> bool:
    """Whether a statement opens an editor: lines below it may be what is to be typed."""
    if not _MAY_EDIT.search(text):
        return False
    return any(
        command.name in EDITORS
        or (command.name == "crontab" and "-e" in command.values)
        or (command.name in ("kubectl", "oc", "systemctl", "virsh", "helm") and "edit" in command.values[1:3])
        for command in parse(text).commands
    )


def _wants_terminal(command: Command) -> bool:
    name, values = command.name or "", command.values
    if command.pipe and command.stage > 1 and name not in ("less", "more"):
        return False
    if name == "top" and any(value and value.startswith("-") and "b" in value for value in values):
        return False
    if name in FULL_SCREEN or name in EDITORS:
        return True
    if name == "docker" and "stats" in values[1:2]:
        return "--no-stream" not in values
    return (name == "read" and not command.inside) or edits(_text(command))


def goes_on(command: Command) -> bool:
    """Whether a command runs until it is stopped: it follows, forwards or watches."""
    name, values = command.name or "", [value or "" for value in command.values[1:]]
    short = [value for value in values if value.startswith("-") and not value.startswith("--")]
    follows = any(value in ("--follow", "--tail") or value.startswith("--follow=") for value in values)
    match name:
        case "tail":
            return "--follow" in values or any("f" in value or "F" in value for value in short)
        case "journalctl" | "docker" | "docker-compose" | "podman" | "kubectl" | "oc" | "nerdctl" | "crictl":
            if any(word in values for word in ("port-forward", "proxy", "events")):
                return "--since" not in values and "get" not in values
            if "logs" in values or name == "journalctl":
                after = values[values.index("logs") :] if "logs" in values else values
                return "--follow" in after or any(_follow_flag(value, name) for value in after)
            if "up" in values and name in ("docker-compose", "docker", "podman"):
                return not any(value in ("-d", "--detach", "--wait", "--no-start") for value in values)
            return "get" in values and any(value in ("-w", "--watch") for value in values)
        case "dmesg":
            return any(
                value in ("-w", "--follow", "-W", "--follow-new") or value in ("-Tw", "-wT", "-wH")
                for value in values
            )
        case "ping" | "tcpdump":
            return not any(value.startswith("-c") for value in values)
        case "vmstat" | "iostat" | "mpstat" | "sar":
            numbers = [value for value in values if value.isdigit()]
            return len(numbers) == 1
        case "redis-cli" | "valkey-cli":
            return any(
                value.lower() in ("monitor", "--stat", "subscribe", "psubscribe", "--latency")
                for value in values
            )
        case "ssh":
            return "-N" in values
        case "inotifywait":
            return any(value in ("-m", "--monitor") for value in values)
    return follows and name.endswith("tail")


def _follow_flag(value: str, name: str) -> bool:
    return (
        value.startswith("-")
        and not value.startswith("--")
        and "f" in value
        and value.isascii()
        and len(value) <= 4
        and (name != "journalctl" or "o" not in value)
    )
