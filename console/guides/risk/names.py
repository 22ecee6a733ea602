"""Tables written as text: names divided by blanks."""


def names(text: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(text.split())
