"""What the shelves of a cluster hold, and in which order, beside a dictionary that is sorted each time."""

from __future__ import annotations

import random

from console.sources.kubernetes.model import Node
from console.sources.kubernetes.shelves import Shelf

CHANGES = 2_000


def test_values_stand_in_order_whatever_comes_and_goes() -> None:
    chance = random.Random(7)
    told: list[tuple[Node | None, Node | None]] = []
    shelf, there = Shelf(lambda old, new: told.append((old, new))), dict[str, Node]()
    for number in range(CHANGES):
        name = f"n{chance.randrange(40)}"
        item = Node(cluster="test", name=name, created=float(number))
        before, act = there.get(name), chance.random()
        if act < 0.7:
            shelf.put(item)
            there[name] = item
            assert told[-1] == (before, item)
        elif act < 0.97:
            shelf.drop(item)
            there.pop(name, None)
            assert before is None or told[-1] == (before, None)
        else:
            there = {f"n{chance.randrange(40)}": item} | dict(list(there.items())[:5])
            there = {
                known: Node(cluster="test", name=known, created=each.created) for known, each in there.items()
            }
            shelf.replace(there.values())
        if chance.random() < 0.5:  # a change after which nobody looked counts as well
            values = shelf.values()
            assert [each.name for each in values] == sorted(there)
            assert all(each is there[each.name] for each in values)
            assert len(shelf) == len(there)
