"""Text as it can reach a widget: cleaned, with wide and combining characters in it."""

from __future__ import annotations

from hypothesis import strategies as st

from console.text import clean
from widgets.draw import ROLES, Span

ALPHABET = "ab z019 .[]/@=\\" + "漢字あ한" + "e\u0301o\u0308" + "✖▲━…" + "🐘👍🏽🇩🇪"

clean_text: st.SearchStrategy[str] = st.one_of(
    st.text(ALPHABET, max_size=60), st.text(max_size=40).map(clean)
)
"""Any text after `clean`, with more than its share of what has another width than its length."""

span: st.SearchStrategy[Span] = st.tuples(clean_text, st.sampled_from(ROLES))
spans: st.SearchStrategy[list[Span]] = st.lists(span, max_size=8)
