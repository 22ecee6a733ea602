"""Origins: names of their own, numbers used again, states that change only when something did."""

from __future__ import annotations

from console.logs.levels import CONTINUED, Level
from console.logs.origin import GAP_SHOWN, Kind, Origins


def test_an_origin_that_ended_goes_on_under_its_name() -> None:
    origins = Origins(100)
    first = origins.add("api", Kind.CONTAINER, "one")
    first.count([Level.INFO])
    other = origins.add("api", Kind.CONTAINER, "two", apart="0123")
    assert (first.name, other.name) == ("api", "0123/api")
    origins.release(first, kept=1)
    again = origins.add("api", Kind.CONTAINER, "three")
    assert again is first
    assert again.where == "three"


def test_a_day_of_short_lived_containers_takes_no_more_than_an_hour() -> None:
    origins = Origins(100)
    for kept in range(1, 5001):
        origin = origins.add(f"job-{kept}", Kind.CONTAINER, "")
        origin.count([Level.INFO])
        origins.release(origin, kept)
        origins.sweep(kept)
    assert len(origins.names) <= 103
    assert len(list(origins)) <= 102
    assert [origin.name for origin in origins if origin.name] == [name for name in origins.names if name]


def test_a_number_is_not_used_again_while_lines_refer_to_it() -> None:
    origins = Origins(100)
    old = origins.add("old", Kind.CONTAINER, "")
    old.count([Level.INFO])
    origins.release(old, kept=50)
    origins.sweep(kept=150)
    assert origins.add("new", Kind.CONTAINER, "").number != old.number
    origins.sweep(kept=151)
    assert origins.add("newer", Kind.CONTAINER, "").number == old.number


def test_the_state_is_the_same_value_until_something_changes() -> None:
    origin = Origins(100).add("api", Kind.FILE, "/x")
    first = origin.freeze(0.0)
    assert origin.freeze(1.0) is first
    counts = origin.count([Level.ERROR, Level.ERROR | CONTINUED, Level.INFO])
    origin.window.add(2.0, counts)
    second = origin.freeze(2.0)
    assert second is not first
    assert (second.lines, second.errors, second.levels[Level.INFO]) == (3, 1, 1)
    origin.note_gap("truncated", 2.0)
    assert origin.freeze(3.0).gap == "truncated"
    assert origin.freeze(3.0 + GAP_SHOWN).gap == ""
    origin.problem = "permission denied"
    assert origin.freeze(100.0).problem == "permission denied"
