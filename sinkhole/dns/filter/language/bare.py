"""The format of one regular expression a line, without slashes, as lists for Pi-hole have it.

A line is one if it has a sign that no pattern and no name has: an escaped character, a class or a
group, `$` at its end, or `^` at its beginning with a repetition behind. What could as well be a
pattern, such as `^ads.`, stays one. It is read as if it stood between slashes.
"""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.adblock import parse_adblock
from sinkhole.dns.filter.language.line import Line, Reject

OPTIONS = Reject("an option of Pi-hole behind a regular expression (;querytype=A)")

_NOT_BARE = re.compile(r"@@|\||\*|/|https?://")  # the beginnings of patterns
_MODIFIERS = re.compile(r"\$(?=[A-Za-z~])")
_OF_WEB_ADDRESSES = re.compile("[/&=]")
_BYTE = re.compile(r"\\[0-9]{3}")  # as names are written
# Classes and groups are looked for from the bracket before that closes, so that each character is
# looked at a few times only: the time is linear.
_CLASS = r"(?:^|\])[^\[\]]*+\[[^\]]++\]"
_GROUP = r"(?:^|\))[^()]*+\([^)]++\)"
_SIGN = re.compile(rf"\\[.dDwWsSbB_/-]|{_CLASS}|{_GROUP}|.\$$|^\^.*[+?{{]", re.DOTALL)
_OPTION = re.compile(r";[a-z]+(?:=.*)?$", re.DOTALL)


def is_bare_expression(text: str) -> bool:
    """Whether a line is a regular expression without slashes around it."""
    if _NOT_BARE.match(text) or _MODIFIERS.search(text):
        return False
    if _OF_WEB_ADDRESSES.search(text) and not text.startswith(("^", "(")):
        return False
    return _SIGN.search(_BYTE.sub("", text)) is not None


def parse_bare_expression(text: str) -> Line:
    """The rule of such a line. Pi-hole's options would change what it says, so they drop it."""
    return OPTIONS if _OPTION.search(text) else parse_adblock(f"/{text}/")
