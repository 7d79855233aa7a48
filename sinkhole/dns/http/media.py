"""The media type of DNS messages, and what people are told of HTTP that is none (RFC 8484 §6)."""

from __future__ import annotations

from typing import Final

DNS_MESSAGE: Final = b"application/dns-message"

_STATUS_WORDS: Final = {
    b"400": "took the question to be malformed",
    b"401": "asks for a login",
    b"403": "forbids us to ask",
    b"404": "has no DNS there",
    b"405": "does not take POST",
    b"413": "found the question too large",
    b"415": "does not know the type of DNS messages",
    b"421": "is not responsible for this name",
    b"429": "was asked too often",
    b"502": "cannot reach its own resolver",
    b"503": "is overloaded or under repair",
    b"504": "waits for its own resolver in vain",
}


def is_dns_message(content_type: bytes) -> bool:
    """Whether a Content-Type is that of DNS messages, whatever its letter case and parameters."""
    return content_type.partition(b";")[0].strip().lower() == DNS_MESSAGE


def fault_of(status: bytes, content_type: bytes, path: str) -> str:
    """What is wrong with a response, to be read behind the server's name; "" if it is an answer.

    Redirects are not followed: whoever names a resolver means that one.
    """
    if status == b"200":
        if is_dns_message(content_type):
            return ""
        said = _printable(content_type) or "no type"
        return f"gave no DNS message for {path}, but {said}; is it a portal or a web page?"
    said = f"HTTP status {_printable(status)} for {path}"
    if status[:1] == b"3":
        return f"wants us to ask elsewhere ({said})"
    return f"{_STATUS_WORDS.get(status, 'gave no answer')} ({said})"


def _printable(value: bytes) -> str:
    text = value[:80].decode("latin-1")
    return "".join(each if each.isprintable() else "?" for each in text)
