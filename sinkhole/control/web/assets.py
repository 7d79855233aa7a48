"""The files of the page, read once and served from memory.

Their address carries a hash of the content of all of them, /assets/<hash>/app.js, so a browser
may keep them for ever and still never mixes two versions: the modules import each other by
relative names and hence from the same folder. Only the small page itself is asked for anew.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, web

PAGE = Path(__file__).parent / "page"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"
_INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    body: bytes
    gzipped: bytes
    content_type: str

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Asset:
        """Compressed with no time inside, so that equal files are equal bytes."""
        return cls(body, gzip.compress(body, mtime=0), content_type)

    def response(self, request: web.Request, cache_control: str) -> web.Response:
        """This file in the best encoding that the browser takes."""
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        response = web.Response(
            body=self.gzipped if packed else self.body,
            content_type=self.content_type,
            charset="utf-8",
            headers={"Cache-Control": cache_control, "Vary": "Accept-Encoding"},
        )
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response


class Assets:
    """The page and its files. Reads the folder when built: OSError if it is not there."""

    def __init__(self, folder: Path = PAGE) -> None:
        bodies = {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.suffix in _TYPES
        }
        index = (folder / _INDEX).read_bytes()
        self.version = _hash_of(index, *bodies.values())
        self._files = {
            name: Asset.of(body, _TYPES[Path(name).suffix]) for name, body in bodies.items()
        }
        self._index = Asset.of(index.replace(b"{version}", self.version.encode()), "text/html")

    async def index(self, request: web.Request) -> web.Response:
        """GET /: the page, or 304 when the browser has this very one."""
        if request.if_none_match and ETag(self.version) in request.if_none_match:
            response = web.Response(status=304, headers={"Cache-Control": "no-cache"})
        else:
            response = self._index.response(request, "no-cache")
        response.etag = self.version
        return response

    async def file(self, request: web.Request) -> web.Response:
        """GET /assets/{version}/{name}: a file of this version, or 404."""
        found = self._files.get(request.match_info["name"])
        if found is None or request.match_info["version"] != self.version:
            raise web.HTTPNotFound
        return found.response(request, _FOR_EVER)


def _hash_of(*bodies: bytes) -> str:
    total = hashlib.sha256()
    for body in bodies:
        total.update(hashlib.sha256(body).digest())
    return total.hexdigest()[:16]
