"""`Steps` and `Commands` that a writer kept apart, brought together: which command is for which step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from console.guides.draft import Draft
from console.guides.lists import merge
from console.guides.vocabulary import LOOKING, stem, stems, words

TITLE, NOTE, LOOKS, BEGINS = 1.0, 0.5, 0.6, 0.6
"""What a shared word weighs in the title, in what stands below it, as another word for looking; and what it
weighs that both begin alike."""
LOOK = "*look*"


def pair(steps: Sequence[Draft], commands: Sequence[Draft]) -> list[Draft]:
    """The steps, each with the commands whose comment names it; their number stays what the writer counted.

    A comment that shares no word with any step goes where its neighbours say: a step still free between
    theirs, else with the command before it.
    """
    if not steps:
        return list(commands)
    if not commands:
        return list(steps)
    places = _match(steps, commands)
    _between(places, len(steps))
    for command, place in sorted(zip(commands, places, strict=True), key=lambda pair: pair[0].line):
        step = steps[place if place is not None else len(steps) - 1]
        title = command.title
        merge(step, [command])
        if step.kind is command.kind and title and title.lower() != step.title.lower():
            step.add_note(title)
        step.interactive = step.interactive or command.interactive
        step.background = step.background or command.background
    return list(steps)


def _match(steps: Sequence[Draft], commands: Sequence[Draft]) -> list[int | None]:
    """For each command the step that shares most with it; words of many steps tell less than those of few."""
    titles = [_meaning(step.title) for step in steps]
    notes = [set(stems(step.note[:2000])) - title for step, title in zip(steps, titles, strict=True)]
    spread = Counter(word for title, note in zip(titles, notes, strict=True) for word in title | note)
    places: list[int | None] = []
    for command in commands:
        wanted = _meaning(command.title)
        scores = [
            sum(_weight(word, spread) * (TITLE * (word in title) + NOTE * (word in note)) for word in wanted)
            + _lead(command.title, step.title)
            for step, title, note in zip(steps, titles, notes, strict=True)
        ]
        best = max(scores)
        place = scores.index(best)
        shared = wanted & (titles[place] | notes[place])
        told = bool(shared - {LOOK}) or (bool(shared) and scores.count(best) == 1)
        places.append(place if told else None)
    return places


def _weight(word: str, spread: Counter[str]) -> float:
    return (LOOKS if word == LOOK else 1.0) / spread[word] if word in spread else 0.0


def _lead(command: str, step: str) -> float:
    """What it weighs that both begin with the same thing to do."""
    first, other = words(command)[:1], words(step)[:1]
    if not first or not other:
        return 0.0
    if stem(first[0]) == stem(other[0]):
        return BEGINS
    return BEGINS / 2 if first[0] in LOOKING and other[0] in LOOKING else 0.0


def _meaning(text: str) -> set[str]:
    """The stems of a title, and one word more where it speaks of looking, by whatever word."""
    found = set(stems(text))
    return (
        found | {LOOK}
        if any(word in LOOKING or word.rstrip("s") in LOOKING for word in words(text))
        else found
    )


def _between(places: list[int | None], count: int) -> None:
    """Find a place for commands that match nothing, by the order they stand in."""
    taken = {place for place in places if place is not None}
    if not taken:
        places[:] = [min(number, count - 1) for number in range(len(places))]
        return
    for number, place in enumerate(places):
        if place is not None:
            continue
        before = next((one for one in reversed(places[:number]) if one is not None), -1)
        after = next((one for one in places[number + 1 :] if one is not None), before)
        free = next((step for step in range(before + 1, after) if step not in taken), None)
        places[number] = free if free is not None else max(before, 0)
        taken.add(places[number] or 0)
