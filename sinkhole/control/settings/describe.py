"""Every setting with its value, who set it, what it means and what it takes: for page and programs.

Secrets are masked for everybody. What file or environment hold is locked, with the place where it
can be changed.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sinkhole.control.settings.differences import items_of, value_of
from sinkhole.control.settings.document import KeyPath
from sinkhole.control.settings.json_schema import accepts, kind_of
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.layers import all_keys
from sinkhole.control.settings.masking import as_in_force, without_secrets
from sinkhole.control.settings.merging import FILE_ONLY
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.prose import help_of
from sinkhole.control.settings.schema import Settings
from sinkhole.model.masking import MASK

_FILE: Final = "file "
_SPELLINGS: Final = {
    **{word: word.upper() for word in ("ttl", "tls", "https", "quic", "dns64", "http3", "url")},
    "ipv4": "IPv4",
    "ipv6": "IPv6",
    "doh": "DoH",
    "dns": "DNS",
    "nxdomain": "NXDOMAIN",
    "id": "ID",
    "ids": "IDs",
    "duckduckgo": "DuckDuckGo",
    "youtube": "YouTube",
}


class DescribedItem(NamedTuple):
    """One item of a keyed collection. `locked` is where file or environment hold it, "" for what
    can be changed here; `secret` says that something in it is masked."""

    name: str
    value: Any
    origin: str
    locked: str
    secret: bool


class Described(NamedTuple):
    """One key. `accepts` is JSON Schema, `syntax` the same in a few words, "" where the help says
    it. `items` are those of a keyed collection, None for all other keys."""

    key: str
    title: str
    help: str
    accepts: dict[str, Any]
    syntax: str
    unit: str
    default: Any
    value: Any
    origin: str
    locked: str
    at_once: bool
    secret: bool
    items: list[DescribedItem] | None = None


def described(settings: Settings) -> list[Described]:
    """All keys in the order of the schema; takes some milliseconds."""
    shown, default = without_secrets(settings), Settings()
    return [_key(key, settings, shown, default) for key in all_keys(Settings)]


def described_items(key: str, settings: Settings) -> list[DescribedItem]:
    """The items of one keyed collection."""
    return _items(key, settings, without_secrets(settings))


def title_of(key: str) -> str:
    """A key's last word as people read it: `rate_limit_ipv4_prefix` is "Rate limit IPv4 prefix"."""
    words = [_SPELLINGS.get(word, word) for word in key.rpartition(".")[2].split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def field_of(key: str) -> tuple[type[BaseModel], FieldInfo]:
    """Where a key is declared: its section, and the field."""
    *sections, name = key.split(".")
    model: type[BaseModel] = Settings
    for each in sections:
        inner = model.model_fields[each].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)
        model = inner
    return model, model.model_fields[name]


def _key(key: str, settings: Settings, shown: Settings, default: Settings) -> Described:
    model, field = field_of(key)
    kind = kind_of(field)
    origin = settings.origin_of(key)
    secret = any(_leads_to(path, key) for path in settings.secret_paths)
    value = plain_of(value_of(shown, key))
    return Described(
        key,
        title_of(key),
        help_of(model, key.rpartition(".")[2]),
        accepts(field),
        kind.syntax if kind else "",
        kind.unit if kind else "",
        plain_of(value_of(default, key)),
        value,
        origin,
        _place_of(origin) if key not in COLLECTIONS else "",
        key not in FILE_ONLY,
        secret or _is_masked(value),
        _items(key, settings, shown) if key in COLLECTIONS else None,
    )


def _items(key: str, settings: Settings, shown: Settings) -> list[DescribedItem]:
    keyed, found = COLLECTIONS[key], []
    for name, each in items_of(shown, keyed).values():
        value, origin = plain_of(each), settings.origin_of(key, name)
        found.append(DescribedItem(name, value, origin, _place_of(origin), _is_masked(value)))
    return found


def _place_of(origin: str) -> str:
    """Where the holder of a value is, "" where nobody holds it."""
    return "" if origin in ("default", "stored") else origin.removeprefix(_FILE)


def _leads_to(path: KeyPath, key: str) -> bool:
    parts = key.split(".")
    return list(as_in_force(path)[: len(parts)]) == parts


def _is_masked(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_masked, value.values()))
    if isinstance(value, list):
        return any(map(_is_masked, value))
    return isinstance(value, str) and MASK in value
