"""Of any name, what is shown leads back to the very same name and holds nothing unseen."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sinkhole.dns.wire.international import decoded, in_unicode
from sinkhole.dns.wire.name import from_text, to_text

LABELS = st.one_of(
    st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True),
    st.from_regex(r"xn--[a-z0-9-]{1,20}", fullmatch=True),
    st.text(min_size=1, max_size=12).map(
        lambda text: "xn--" + text.encode("punycode", "replace").decode("ascii").lower()
    ),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=4).map(".".join))
@example("xn--ib9b.example")
def test_what_is_shown_leads_back_and_can_be_seen(name: str) -> None:
    shown = in_unicode(name)
    if shown != name:
        assert to_text(from_text(shown)) == name.lower()
        assert shown.isprintable()
    decoded(name).encode()
