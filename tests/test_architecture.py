"""The rules of the house, read from the code itself; docs/architecture.md says why they are so.

Each rule is one test and names every place that breaks it. An exception stands in a table with
its reason, and a table that names more than it must makes its test fail as well.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "sinkhole"

FLOORS = {
    "cli": [""],
    "app": [""],
    "control": [
        *("web", "operations", "explain shipping postgres pairing", "replication"),
        *("lists querylog", "stats"),
        "identity devices machine imports",
        *("groups", "settings"),
        *("state", "database"),
    ],
    "dns": [
        "worker",
        "server",
        "pipeline",
        "clients",
        "policy upstream",
        "cache filter http quic",
        "wire",
    ],
    "model": [""],
}
"""The floors and the steps of each, from top to bottom. A room may import what stands further
down, never what stands above or beside it: so there are no circles either."""

STEPS = [(floor, rooms.split(" ")) for floor, steps in FLOORS.items() for rooms in steps]
HEIGHT = {(floor, room): -at for at, (floor, rooms) in enumerate(STEPS) for room in rooms}
"""How high each room stands, by floor and folder."""

SEEN_BY_CONTROL = {"filter", "wire"}
"""All that the control plane knows of the DNS plane, but for `explain`, which looks everywhere."""

FILTER = ("", "compiled", "patterns", "language")
"""The same for the folders of `dns/filter`, from its door ("") downwards."""

PURE = ("dns/wire/", "dns/filter/", "dns/cache/", "dns/clients/", "dns/policy/", "dns/http/")
PURE += tuple(
    f"dns/pipeline/{name}" for name in ("channel", "decide", "permit", "reaction", "replies")
)
PURE += tuple(f"model/{name}" for name in ("actor", "errors", "explanation", "record", "verdict"))
PURE += ("model/clock", "model/forwarded", "model/statistics", "model/status")
WRITING = "dns/filter/compiled/"
IMPURE_WORDS = tuple(f"sinkhole.model.{name}" for name in ("acceptor", "faults", "files", "tasks"))
IMPURE = {"asyncio", "socket", "select", "ssl", "threading", "time", "datetime", "logging"}
IMPURE |= {"random", "secrets", "sqlite3", "aiosqlite", "aiohttp", "urllib"}

HOMES = {
    "dnslib": "dns/wire/text/message.py",
    "aiohttp": ("control/web/", "control/lists/", "control/pairing/peer.py"),
    "h2": ("dns/http/", "dns/upstream/links/http2.py", "dns/server/http2.py"),
    "hpack": "dns/http/",
    "qh3": (
        "dns/quic/",
        *(f"dns/upstream/links/{name}.py" for name in ("quic", "http3")),
        *(f"dns/upstream/links/quic_{name}.py" for name in ("certificate", "opening", "transport")),
        *(f"dns/server/{name}.py" for name in ("quic", "quic_connection", "doq", "http3")),
    ),
    "aiosqlite": "control/database/",
    "sqlite3": "control/database/",
    "asyncpg": "control/postgres/server.py",
    "yaml": "control/settings/",
    "pydantic": "control/",
    "cryptography": ("app/self_signed.py", "dns/upstream/links/quic_", "dns/server/quic_"),
    "marisa_trie": "dns/filter/",
    "prometheus_client": "control/web/",
    "aiooui": "control/devices/makers.py",
    "bcrypt": "control/identity/imported_hashes.py",
}
"""The only places that import a library: its names and its exceptions end there."""

MOST_FILE_LINES, MOST_FUNCTION_LINES = 400, 40

LONG_FUNCTIONS: dict[str, str] = {}
"""`file.py: function` and why it may be longer than MOST_FUNCTION_LINES. None needs to."""

TESTED_ELSEWHERE = {
    **dict.fromkeys(
        (f"dns/filter/language/{name}.py" for name in ("dnsmasq", "hosts", "plain", "names")),
        "test_rules.py has a table of lines for each format",
    ),
    "dns/filter/language/modifiers.py": "test_read_modifiers.py; semantics/ asks whole lists",
    "dns/filter/language/line.py": "plain data, made by all of the above",
    **dict.fromkeys(
        (f"dns/policy/{name}.py" for name in ("access", "group", "snapshot")),
        "plain data; test_pipeline.py and test_shared_answers.py decide by it",
    ),
    **dict.fromkeys(
        (f"dns/policy/{name}.py" for name in ("special_use", "refused_addresses")),
        "two test files each, one for either half of the subject",
    ),
}
NO_MODULE_OF_THEIR_OWN = {
    "control/querylog/test_log_crash.py": "kills a process with the whole log in it",
    "dns/filter/test_starter_list.py": "holds blocklists/starter.txt to its promises",
}
BY_TOPIC = {"dns/filter/semantics": "tables of the rule language, which all of `filter` make up"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def nodes(*folders: str) -> Iterator[tuple[Path, ast.AST]]:
    return ((path, node) for path in modules(*folders) for node in ast.walk(tree_of(path)))


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def room_of(parts: tuple[str, ...]) -> tuple[str, str]:
    """Floor and room of a file or a dotted name, by its parts below `sinkhole`."""
    floor = parts[0]
    return floor, parts[1] if FLOORS.get(floor) != [""] and len(parts) > 1 else ""


def inside(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def imports() -> Iterator[tuple[Path, str, str]]:
    """File, place and dotted name of everything the package imports, within functions too."""
    for path, node in nodes("sinkhole"):
        if isinstance(node, ast.Import):
            yield from ((path, place(path, node.lineno), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield path, place(path, node.lineno), f"{node.module}.{alias.name}"


def committed() -> Iterator[tuple[Path, str]]:
    """Everything written by people, with its text: code, page, settings, documents, packaging."""
    folders = (".ci", "bench", "blocklists", "config", "docs", "packaging", "sinkhole", "tests")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    for path in [*paths, *ROOT.iterdir()]:
        made = {"__pycache__", "work", ".git", ".coverage"} & {*path.relative_to(ROOT).parts}
        if path.is_file() and not made and path.suffix not in (".png", ".gz"):
            yield path, path.read_text()


def hold(broken: Iterable[str]) -> None:
    if places := list(broken):
        pytest.fail("\n".join(places), pytrace=False)


def meetings() -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Place, importing room and imported room of every import across rooms."""
    for path, where, name in imports():
        parts = path.relative_to(SOURCE).parts
        if name.startswith("sinkhole.") and len(parts) > 1 and name != "sinkhole.__version__":
            here, there = room_of(parts), room_of(tuple(name.split(".")[1:]))
            if here != there:
                yield f"{where}: {name}", here, there


def test_every_room_stands_on_a_floor() -> None:
    beside = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert beside == set()
    files = (path.relative_to(SOURCE).parts for path in SOURCE.glob("*/**/*.py"))
    assert {room_of(parts) for parts in files if parts[1] != "__init__.py"} == set(HEIGHT)


def test_rooms_import_only_what_stands_further_down() -> None:
    hold(
        where
        for where, here, there in meetings()
        if there not in HEIGHT or HEIGHT[here] <= HEIGHT[there]
    )


def test_the_folders_of_filter_import_only_what_stands_further_down() -> None:
    def height(parts: tuple[str, ...]) -> int:
        return -FILTER.index(parts[2] if parts[2] in FILTER else "")

    hold(
        f"{where}: {name}"
        for path, where, name in imports()
        if name.startswith("sinkhole.dns.filter.") and inside(path).startswith("dns/filter/")
        if height(path.relative_to(SOURCE).parts) < height(tuple(name.split(".")[1:]))
    )


def test_the_control_plane_sees_little_of_the_dns_plane() -> None:
    hold(
        where
        for where, (floor, room), (below, other) in meetings()
        if floor == "control" and room != "explain"
        if below == "dns" and other not in SEEN_BY_CONTROL
    )


def test_pure_rooms_have_neither_clock_nor_io() -> None:
    """Nor do they get it from the floor below; but who writes the compiled file may."""
    hold(
        f"{where}: {name}"
        for path, where, name in imports()
        if inside(path).startswith(PURE) and not inside(path).startswith(WRITING)
        if name.split(".")[0] in {*IMPURE, "os"} or name.startswith(IMPURE_WORDS)
    )


def test_imports_are_written_in_full() -> None:
    """Else the rules of this page would not see them."""
    hold(
        place(path, node.lineno)
        for path, node in nodes("sinkhole")
        if isinstance(node, ast.ImportFrom) and node.level
    )
    found = {
        inside(path)
        for path, node in nodes("sinkhole")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")
    }
    assert found <= {"app/app.py"}, "only there, as the page's library takes long to import"


def test_each_library_is_imported_where_it_belongs_only() -> None:
    hold(
        f"{where}: {name}"
        for path, where, name in imports()
        if (homes := HOMES.get(name.split(".")[0])) and not inside(path).startswith(homes)
    )


def test_tasks_are_started_by_tasks_only() -> None:
    forbidden = ("create_task", "ensure_future", "TaskGroup", "run_coroutine_threadsafe")
    hold(
        f"{place(path, node.lineno)}: {node.attr}"
        for path, node in nodes("sinkhole")
        if isinstance(node, ast.Attribute) and node.attr in forbidden and path.name != "tasks.py"
    )


def test_files_are_short() -> None:
    hold(
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path, text in committed()
        if path.suffix in (".py", ".js", ".css", ".c", ".h")
        if (lines := text.count("\n")) > MOST_FILE_LINES
    )


def test_functions_are_short() -> None:
    assert {
        f"{path.relative_to(SOURCE)}: {node.name}"
        for path, node in nodes("sinkhole")
        if isinstance(node, Function) and code_lines(node) > MOST_FUNCTION_LINES
    } == set(LONG_FUNCTIONS)


def code_lines(function: Function) -> int:
    """Lines from `def` to the end, without the docstring: that is no code."""
    text = ast.get_docstring(function, clean=False)
    return (function.end_lineno or 0) - function.lineno + 1 - len((text or "").splitlines())


def test_everything_public_has_a_docstring() -> None:
    hold(
        f"{place(path, getattr(node, 'lineno', 1))}: {getattr(node, 'name', 'the module')}"
        for path in modules("sinkhole")
        for node in public(tree_of(path))
        if ast.get_docstring(node) is None
    )


def public(node: Documented) -> Iterator[Documented]:
    """A module or class and what is public in it; bare stubs of protocols need none."""
    yield node
    for inner in node.body if not isinstance(node, Function) else ():
        bare = isinstance(inner, Function) and ast.unparse(inner.body[-1]) == "..."
        if isinstance(inner, ast.ClassDef | Function) and not inner.name.startswith("_"):
            yield from () if bare else public(inner)


def test_no_error_is_swallowed() -> None:
    hold(
        place(path, node.lineno)
        for path, node in nodes("sinkhole", "tests", "bench")
        if isinstance(node, ast.ExceptHandler) and isinstance(node.body[0], ast.Pass)
        if node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
    )


def test_every_suppression_has_a_code_and_a_reason() -> None:
    right = re.compile(r"# (type: ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(, [A-Z]+\d+)*)  # \S+")
    wrong = []
    for path in modules("sinkhole", "tests", "bench"):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                comment = token.string if token.type == tokenize.COMMENT else ""
                if re.match(r"#\s*(type:\s*ignore|noqa)", comment) and not right.match(comment):
                    wrong.append(f"{place(path, token.start[0])}: {comment}")
    hold(wrong)


def test_nothing_is_left_for_later() -> None:
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    hold(path.name for path, text in committed() if marker.search(text))


def test_no_path_of_a_machine_and_no_package_host_is_named() -> None:
    theirs = re.compile(
        r"(?<![\w.-])/(home|Users|root|workspace|work)/\w|--(extra-)?index-url|PIP_INDEX"
        r"|//[\w.-]*(pypi|pythonhosted|npmjs|artifact|registry)"
    )
    hold(
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path, text in committed()
        if path != Path(__file__) and (found := theirs.search(text))
    )


def test_every_unit_test_mirrors_a_module() -> None:
    """`unit/<room>/test_<file>.py`; a word before the file's name may tell it from its likes."""
    unmatched = set()
    for path in (ROOT / "tests/unit").rglob("test_*.py"):
        relative = path.relative_to(ROOT / "tests/unit")
        if relative.parent.as_posix() in BY_TOPIC:
            continue
        files = [f"_{module.stem}" for module in (SOURCE / relative.parent).glob("*.py")]
        if not path.stem.endswith(tuple(files)):
            unmatched.add(relative.as_posix())
    assert unmatched == set(NO_MODULE_OF_THEIR_OWN)


def test_every_test_file_has_a_name_of_its_own() -> None:
    """Two of one name cannot be collected by one process, only by two that get one each."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    hold(name for name in set(names) if names.count(name) > 1)


def test_every_module_of_a_pure_room_has_a_test() -> None:
    assert {
        inside(path)
        for path in modules("sinkhole/dns")
        if inside(path).startswith(PURE) and "/pipeline/" not in inside(path)
        if path.name != "__init__.py"
        if not (ROOT / "tests/unit" / inside(path)).with_name(f"test_{path.name}").exists()
    } == set(TESTED_ELSEWHERE)
