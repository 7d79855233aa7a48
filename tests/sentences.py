"""The sentences in the source that the page may come to show, as its words have them: with {} in
the places of values.

What counts is decided by place, as texts are put together far from where they are raised: every
text with words in it that stands in a room that speaks is a sentence of the page, but for those
below, of which is said who else reads them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[1] / "sinkhole"

SPEAKING: Final = (
    "app",
    "control",
    "dns/cache",
    "dns/filter",
    "dns/http/connection.py",
    "dns/http/media.py",
    "dns/pipeline",
    "dns/policy",
    "dns/quic",
    "dns/server/address.py",
    "dns/server/sockets.py",
    "dns/upstream",
    "dns/wire/name.py",
    "dns/wire/numbers.py",
    "dns/wire/options.py",
    "dns/wire/reply.py",
    "dns/wire/text",
    "model",
)
"""Rooms and files whose sentences reach the page: problems, mistakes in settings and rules, what
becomes of lists and upstreams, refusals of operations, explanations.

`cli` writes to terminals. The other rooms of `dns` speak to clients, which are told in their own
protocol what is wrong with what they sent.
"""

SILENT: Final = frozenset(
    {
        # documents and files that are written in English for whoever reads them
        "control/operations/about.py",
        "control/operations/refusals.py",  # what codes mean, in the document of the API
        "control/operations/origins.py",
        "control/settings/json_schema.py",
        "control/settings/reference.py",
        "control/settings/render.py",
        "control/web/metrics.py",
        "control/web/metric_families.py",
        "control/web/v1/openapi.py",
        # addresses that only programs ask
        "control/web/api.py",
        "control/web/health.py",
        "control/web/v1/route.py",
        "control/web/adguard",
        # the start, before there is a page; systemd, and the log's file format
        "app/data_dir.py",
        "app/service_manager.py",
        "dns/filter/compiled/entry.py",
        # what a command and programs are told: the page writes no file for another program
        "control/imports/as_file.py",
        "control/imports/adguardhome/export.py",
        "control/imports/adguardhome/export_clients.py",
        "control/shipping/syslog.py",  # lines for other programs
        "control/machine/freeing.py",  # lines for a shell
        # columns and conditions of tables
        "control/imports/pihole/statement.py",
        *(
            f"control/postgres/{name}.py"
            for name in ("conditions", "counts", "erasing", "numbers", "schema", "search", "store")
        ),
        "control/postgres/upkeep.py",
        "control/querylog/hour_index.py",
        "control/querylog/id_sets.py",
        "control/state/people.py",
        "control/state/replacing.py",
    }
)

SILENT_CALLS: Final = frozenset(
    {
        # bugs, which become a line of the program's log
        *("AssertionError", "KeyError", "NotImplementedError", "RuntimeError", "TypeError"),
        # helps of settings have a file of their own; others are for the document of the API
        "Field",
        # patterns, types, times, statements of SQL, the end of a child process
        *("ArgumentParser", "cast", "compile", "executescript", "print", "rows", "strftime"),
        *("value", "Schema"),
    }
)

NOT_SHOWN: Final = frozenset(
    {
        "only method {} is allowed\n",  # to programs that speak the API of AdGuard Home
        # why a stage of the pipeline stands where it does
        "knows what its prefix means, perhaps in a private reverse zone",
        "must never leave the house; after local, so that one may be given an address in a "
        "reserved zone such as home.arpa",
        "names of the house win over lists, so that no list can break them",
        "refuse or rewrite before anything about the name leaves the house",
        "what a device may not have, it may not have of the house either",
        "who is asked matters once it is certain that somebody is",
        # what the YAML reader calls what it meets, from which sentences of ours are chosen
        *("block (mapping|collection)", "block scalar", "cannot start any token", "expected ':'"),
        *("flow mapping", "flow node|block node", "flow sequence", "ing a (tag|directive)"),
        *("mapping values", "maximum nesting depth", "quoted scalar", "scanning an (alias|anchor)"),
        # how pydantic, QUIC and what was said in a child begin, which is cut off
        *("Value error, ", "Idle timeout", "list {}: ", "this is ", "{} is "),
        # names of headers, and how objects are written for developers
        *("Host: {}", "Proxy-Authorization: Basic {}", "send Content-Type: {}"),
        *("Changed({}, {})", "Who({}, {}, {}, {})", "1 . ipv{}hint={}"),
        'Bearer error="invalid_token"',
        # how names of lists begin, a command, and what a certificate of ours says of itself
        *("rules of ", "sinkhole certificate mobileconfig {}", "sinkhole, for {} only"),
    }
)
"""Sentences that stand in a room that speaks, and that nobody is shown."""

_CODE: Final = re.compile(
    r" [<>|/]+=? | = [\w?{-]|[{(]\?|\.\w+ IN \(|%s|\b(SELECT|INTEGER|WHERE|CREATE|ALTER|DROP|PRAGMA"
    r"|DELETE|INSERT|FROM \w+|ORDER BY|ON CONFLICT)\b"
)
_HEADER: Final = re.compile(
    r"^[a-z-]+[/=:]\S*;|;.*=|^(public|attachment|default-src|frame-|start,)"
)
_PLACE: Final = re.compile(r"\{[a-z]*\}")
_WORD: Final = re.compile(r"[a-z]{2}")


def sentences_of(path: Path) -> set[str]:
    """All sentences of a file, but its docstrings, logs and checks of itself."""
    return {text for text in _Reader(path).texts if _is_sentence(text)} - NOT_SHOWN


def texts_of(path: Path) -> set[str]:
    """All texts of a file that anybody could see, single words too."""
    return set(_Reader(path).texts)


def speaking_files() -> Iterator[Path]:
    """The files of the rooms that speak."""
    for place in SPEAKING:
        found = SOURCE / place
        for path in [found] if found.is_file() else sorted(found.rglob("*.py")):
            place_in = path.relative_to(SOURCE)
            if SILENT.isdisjoint(each.as_posix() for each in (place_in, *place_in.parents)):
                yield path


def _is_sentence(text: str) -> bool:
    bare = _PLACE.sub("", text)
    if " " not in text.strip() or not _WORD.search(bare) or "\n" in text.strip():
        return False
    return not (_CODE.search(text) or _HEADER.search(text))


class _Reader(ast.NodeVisitor):
    """Gathers texts; what stands within one, such as a word that is chosen, is one of its own."""

    def __init__(self, path: Path) -> None:
        self.texts: list[str] = []
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.Assert):
            return
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            self.visit(node.value)  # what is between the brackets is a key, or the name of a type
            return
        if isinstance(node, ast.Call) and self._is_passed_over(node):
            return
        if isinstance(node, ast.expr) and (text := _text(node)) is not None:
            self.texts.append(text)
            self._visit_within(node)
            return
        self.generic_visit(node)

    def _is_passed_over(self, node: ast.Call) -> bool:
        """Whether nothing of a call is for people, or all of it was told here."""
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else ""
        if isinstance(function, ast.Name):
            name = function.id
        if name == "counted" and isinstance(function, ast.Name):
            self._add_counted([_text(each) for each in node.args[1:]])
            self.visit(node.args[0])
            return True
        owner = function.value if isinstance(function, ast.Attribute) else None
        return name in SILENT_CALLS or (isinstance(owner, ast.Name) and owner.id in ("log", "re"))

    def _add_counted(self, words: list[str | None]) -> None:
        """A number with its word, which stands in one form for 1 and in another for the rest."""
        one, more = (*words, None)[:2]
        self.texts += [f"1 {one}", f"{{}} {more or f'{one}s'}"]

    def _visit_within(self, node: ast.expr) -> None:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)
            elif isinstance(node, ast.BinOp) and isinstance(part, ast.expr):
                if _text(part) is None:
                    self.visit(part)
                else:
                    self._visit_within(part)


def _text(node: ast.expr) -> str | None:
    """A text with {} in the places of values; None where it is none."""
    match node:
        case ast.Constant(value=str(text)):
            return _PLACE.sub("{}", text).replace("{{", "{").replace("}}", "}")
        case ast.JoinedStr():
            return "".join(_part(each) for each in node.values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = [_text(left), _text(right)]
            return None if found == [None, None] else "".join(each or "{}" for each in found)
    return None


def _part(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "{}"
