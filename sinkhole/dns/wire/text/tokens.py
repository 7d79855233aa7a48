r"""The tokens of a record's data as text: quoted strings and escapes.

RFC 1035 §5.1 calls them items, and those of TXT records character-strings. They stand apart by
spaces. A part between double quotes may hold spaces; `\DDD` is the byte of that decimal number,
and `\` before any other character takes away its meaning.
"""

from __future__ import annotations

import re

_CHARACTER = r"\\[0-9]{3}|\\[^0-9]"
_TOKEN = re.compile(rf'(?:[^\s"\\]|{_CHARACTER}|"(?:[^"\\]|{_CHARACTER})*")+', re.DOTALL)
_PIECE = re.compile(r'\\([0-9]{3})|\\([^0-9])|"|([^"\\]+)', re.DOTALL)
_SPECIAL = frozenset(b'"\\')


def split_tokens(text: str) -> list[str]:
    """The tokens of a text, their quotes and escapes still in them.

    Raises ValueError for a quote without its end and a broken escape. Takes linear time.
    """
    tokens, position = [], 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError(f"{text[:80]!r} has a quote without its end or a broken escape")
        tokens.append(token[0])
        position = token.end()
    return tokens


def token_to_bytes(token: str) -> bytes:
    r"""What a token of `split_tokens` stands for, without quotes; characters beyond ASCII as UTF-8.

    Raises ValueError for an escape above `\255` and for half a surrogate pair.
    """
    out = bytearray()
    for number, character, plain in _PIECE.findall(token):
        if number and int(number) > 255:
            raise ValueError(f"\\{number} is no byte: at most \\255 is allowed")
        out += bytes((int(number),)) if number else (character or plain).encode()
    return bytes(out)


def bytes_to_token(data: bytes, *, quoted: bool = True) -> str:
    """A token that stands for `data`, in ASCII.

    Without quotes, spaces are written as escapes, and no bytes at all give an empty text.
    """
    lowest = 0x20 if quoted else 0x21
    text = "".join(_character(byte, lowest) for byte in data)
    return f'"{text}"' if quoted else text


def _character(byte: int, lowest: int) -> str:
    if byte in _SPECIAL:
        return "\\" + chr(byte)
    return chr(byte) if lowest <= byte <= 0x7E else f"\\{byte:03d}"
