"""Rules whose parts are written and read again: what only some texts can say is kept."""

from __future__ import annotations

import promql_parser as tree
import pytest

from console.alerts.needs import Leaf, needs


@pytest.mark.parametrize("text", ['{"http.status"="500"}', "x[5ms]", "x offset 1s500ms", 'x{"a b"=~"\\\\d"}'])
def test_what_an_expression_needs_is_what_it_says(text: str) -> None:
    found = needs(tree.parse(text))
    assert isinstance(found, Leaf)
    assert found.expression.text == text
