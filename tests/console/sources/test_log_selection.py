"""Lines of things that are selected: others join, those gone leave, and no more are followed than is said."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import pytest

from console.logs.forms import Form, Plain
from console.logs.origin import Origin, Origins
from console.logs.streams import Wanted
from console.logs.tail import Piece
from console.sources.logs import asked
from console.sources.logs.asked import MOST, AskedStreams


class Quiet:
    """A stream that says nothing."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.form: Form = Plain(origin)
        self.ended = self.closed = False

    def read(self, limit: int, now: float) -> list[Piece]:
        """Nothing."""
        return []

    def close(self) -> None:
        """Remembered."""
        self.closed = True


@dataclass
class Some:
    """A selection that a test changes: names, with how many streams each has."""

    there: dict[str, int]
    text: str = "app=web"
    opened: dict[str, Quiet] = field(default_factory=dict)

    def subjects(self) -> Sequence[Hashable]:
        """The names."""
        return list(self.there)

    def outputs(self, subject: Hashable) -> Sequence[Wanted]:
        """As many as were said."""
        return [self.wanted(f"{subject}/{number}") for number in range(self.there[str(subject)])]

    def wanted(self, name: str) -> Wanted:
        """One stream, remembered when it is opened."""

        def opened(origin: Origin) -> Quiet:
            self.opened[name] = Quiet(origin)
            return self.opened[name]

        return Wanted(name, name, name, opened)


@pytest.fixture
def streams() -> AskedStreams:
    """Nothing asked for."""
    return AskedStreams(Origins(1000))


def seen(streams: AskedStreams) -> list[str]:
    """What is followed after one more look."""
    streams.look()
    return list(streams.streams(0))


def test_what_comes_joins_and_what_goes_leaves(
    streams: AskedStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = Some({"a": 1, "b": 2, "pending": 0})
    anything = [streams.any]
    streams.select(some)
    assert [*anything, streams.any] == [False, True]
    assert seen(streams) == ["a/0", "b/0", "b/1"]
    assert {one.origin.selector for one in some.opened.values()} == {"app=web"}
    first = some.opened["a/0"]
    some.there = {"pending": 1, "a": 1}
    assert set(seen(streams)) == {"a/0", "b/0", "b/1", "pending/0"}, (
        "what goes may have said something at last"
    )
    assert some.opened["a/0"] is first, "it goes on"
    monkeypatch.setattr(asked, "LEAVING", 0.0)
    assert seen(streams) == ["a/0", "pending/0"]
    assert some.opened["b/0"].closed
    assert not streams.limited


def test_no_more_are_followed_than_there_is_room_for(streams: AskedStreams) -> None:
    some = Some({f"pod-{number:02}": 3 for number in range(40)})
    streams.select(some)
    before = seen(streams)
    assert len(before) == MOST // 3 * 3
    assert streams.limited == f"app=web: the lines of {MOST // 3} of 40 pods are followed"
    some.there = {"newer": 3} | some.there
    assert seen(streams) == before, "those that are followed are not pushed out by others"
    some.there = {"one": MOST + 5}
    streams.select(some)
    assert not streams.limited
    assert {name for name in seen(streams) if name.startswith("one")} == {f"one/{n}" for n in range(MOST)}


def test_another_selection_takes_its_place_and_what_was_asked_for_stays(
    streams: AskedStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "LEAVING", 0.0)
    some, other = Some({"a": 1, "b": 1}), Some({"b": 1, "c": 1}, "tier=front")
    streams.ask([some.wanted("alone"), some.wanted("b/0")])
    streams.select(some)
    assert set(seen(streams)) == {"alone", "a/0", "b/0"}
    streams.select(other)
    assert set(seen(streams)) == {"alone", "b/0", "c/0"}
    assert some.opened["b/0"].origin.selector == "tier=front"
    assert some.opened["alone"].origin.selector == ""


def test_one_that_has_ended_is_marked_too(streams: AskedStreams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "LINGER", 0.0)
    some = Some({"done": 1})
    streams.ask(some.outputs("done"))
    streams.streams(0)
    ended = some.opened["done/0"]
    ended.ended = True
    streams.streams(0)
    assert not streams.streams(0)
    streams.select(some)
    assert not seen(streams)
    assert some.opened["done/0"] is ended, "its lines are there already"
    assert ended.origin.selector == "app=web"
