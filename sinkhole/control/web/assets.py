"""The files of the page, read once and served from memory.

They are built from `ui/` (`packaging/build_page.py`). The name of each file but the page itself has
a hash of its content, so a browser may keep it for ever and still never mixes two versions. Only
the small page is asked for anew.
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
        self._files = {
            path.name: Asset.of(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted((folder / "assets").iterdir())
            if path.suffix in _TYPES
        }
        body = (folder / "index.html").read_bytes()
        self._index = Asset.of(body, "text/html")
        self.version = hashlib.sha256(body).hexdigest()[:16]

    async def index(self, request: web.Request) -> web.Response:
        """GET /: the page, or 304 when the browser has this very one."""
        if request.if_none_match and ETag(self.version) in request.if_none_match:
            response = web.Response(status=304, headers={"Cache-Control": "no-cache"})
        else:
            response = self._index.response(request, "no-cache")
        response.etag = self.version
        return response

    async def file(self, request: web.Request) -> web.Response:
        """GET /assets/{name}: a file of this version, or 404."""
        found = self._files.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return found.response(request, _FOR_EVER)
