"""Settings without what is secret in them, and secrets put back where a masked one is sent back.

Secret are passwords and tokens in addresses, and all that was read from a file of its own. Nobody
is shown them, whatever he may do: who has to know looks into the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sinkhole.control.settings.document import KeyPath
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.quoting import key_text
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.upstream_schema import UpstreamItem
from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.model.masking import MASK, masked_address


def without_secrets(settings: Settings) -> Settings:
    """The same settings as people may see them: with the addresses of lists, of the database, of
    the proxy and the paths of upstreams masked, and all that came from files of secrets."""
    lists = tuple(
        each.model_copy(update={"url": masked_address(each.url)})
        for each in settings.filtering.lists
    )
    filtering = settings.filtering.model_copy(update={"lists": lists})
    upstream = settings.upstream.without_secrets()
    url = masked_address(settings.storage.url)
    storage = settings.storage.model_copy(update={"url": url})
    masked = settings.model_copy(
        update={"filtering": filtering, "upstream": upstream, "storage": storage}
    )
    for path in settings.secret_paths:
        masked = _covered(masked, as_in_force(path))
    return masked


def masked_plain(key: str, plain: Any) -> Any:
    """A stored value of a key, whole or of one item, as people may see it."""
    if isinstance(plain, Mapping):
        return {name: masked_plain(key, each) for name, each in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [masked_plain(key, each) for each in plain]
    if not isinstance(plain, str):
        return plain
    if key.startswith("upstream."):
        return _masked_upstream(plain)
    has_address = key in ("filtering.lists", "storage.url")
    return masked_address(plain) if has_address and ":" in plain else plain


def with_secrets(given: Any, real: Any, masked: Any) -> Any:
    """What somebody sent, with the secrets of `real` where he sent back what he was shown of them.

    `masked` is what he was shown. ValueError for a mask that stands for nothing known.
    """
    secrets: dict[str, set[str]] = {}
    for told, secret in _pairs(masked, real):
        if told != secret:
            secrets.setdefault(told, set()).add(secret)
    return _put_back(given, real, masked, secrets)


def _put_back(given: Any, real: Any, masked: Any, secrets: Mapping[str, set[str]]) -> Any:
    if isinstance(given, Mapping):
        return {
            name: _put_back(each, _part(real, name), _part(masked, name), secrets)
            for name, each in given.items()
        }
    if isinstance(given, (list, tuple)):
        return [
            _put_back(each, _part(real, at), _part(masked, at), secrets)
            for at, each in enumerate(given)
        ]
    if not isinstance(given, str) or MASK not in given:
        return given
    if given == masked and isinstance(real, str):
        return real
    if len(known := secrets.get(given, set())) == 1:
        return next(iter(known))
    raise ValueError(f"{MASK} stands for a secret that is not known here, write the whole of it")


def _part(value: Any, at: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(at)
    is_there = isinstance(value, list) and isinstance(at, int) and at < len(value)
    return value[at] if is_there else None


def _pairs(masked: Any, real: Any) -> Iterator[tuple[str, str]]:
    """The texts that stand at the same places of two values of one shape."""
    if isinstance(masked, str) and isinstance(real, str):
        yield masked, real
    elif isinstance(masked, Mapping) and isinstance(real, Mapping):
        for name in masked:
            yield from _pairs(masked[name], real.get(name))
    elif isinstance(masked, list) and isinstance(real, list):
        for one, other in zip(masked, real, strict=False):
            yield from _pairs(one, other)


def _masked_upstream(text: str) -> str:
    try:
        return str(plain_of(UpstreamItem(url=parse_upstream(text)).without_secrets()))
    except ValueError:
        return masked_address(text) if "//" in text else text


# ---- what came from files of secrets -------------------------------------------------------------


def as_in_force(path: KeyPath) -> KeyPath:
    """A path as it was written, with the names of items as they are normalised."""
    parts = list(path)
    for key, keyed in COLLECTIONS.items():
        at = key.count(".") + 1
        if keyed.shape == "mapping" and len(parts) > at and key_text(parts[:at]) == key:
            parts[at] = keyed.id_of(str(parts[at]))
    return tuple(parts)


def _covered(value: Any, path: KeyPath) -> Any:
    """The same value with a mask at a path; what does not lead on is covered whole."""
    if not path:
        return MASK
    part, rest = path[0], path[1:]
    if isinstance(value, BaseModel) and part in type(value).model_fields:
        return value.model_copy(update={str(part): _covered(getattr(value, str(part)), rest)})
    if isinstance(value, Mapping) and part in value:
        return {**value, str(part): _covered(value[str(part)], rest)}
    if isinstance(value, tuple) and isinstance(part, int) and part < len(value):
        return (*value[:part], _covered(value[part], rest), *value[part + 1 :])
    return MASK
