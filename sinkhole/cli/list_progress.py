"""What an update of lists shows while it works: bars on a terminal, else plain lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from sinkhole.cli.console import console
from sinkhole.control.lists.progress import Phase, Step

_STYLES: Final = {
    Phase.FETCH: "cyan",
    Phase.COMPILE: "blue",
    Phase.CHANGED: "green",
    Phase.UNCHANGED: "dim",
    Phase.HELD: "yellow",
    Phase.FAILED: "red",
}
_ENDS: Final = frozenset({Phase.CHANGED, Phase.UNCHANGED, Phase.HELD, Phase.FAILED})


@contextmanager
def watching_lists(*, is_shown: bool) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """What to give the progress of an update to, again and again; shown until this ends.

    What an update before has left is not shown: so nothing counts until one is underway, or all
    is done.
    """
    seen: dict[str, Step] = {}
    last: dict[str, Any] = {}

    with ProgressDisplay(console()) as display:

        def take(told: Mapping[str, Any]) -> None:
            for each in told["lists"]:
                step = _step(each)
                if is_shown and seen.get(step.list_name) != step:
                    seen[step.list_name] = step
                    display(step)

        def tell(told: Mapping[str, Any]) -> None:
            last.update(told)
            if told["underway"]:
                take(told)

        yield tell
        if last:
            take(last)


def _step(told: Mapping[str, Any]) -> Step:
    return Step(
        told["name"], Phase(told["phase"]), told["done_bytes"], told["total_bytes"], told["note"]
    )


class ProgressDisplay:
    """A `Watch` to pass to `Library.update`, and a context manager around it.

    Where the console is no terminal (a pipe, a log, cron) it prints one line per list, at its
    end: bars would fill a file with control characters.
    """

    def __init__(self, shown_on: Console) -> None:
        self._console = shown_on
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.fields[list_name]}"),
            BarColumn(),
            TextColumn("{task.fields[size]:>8}"),
            TextColumn("{task.fields[phase]} {task.fields[note]}"),
            console=shown_on,
            disable=not shown_on.is_terminal,
        )

    def __enter__(self) -> ProgressDisplay:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, step: Step) -> None:
        """Show one step."""
        if self._console.is_terminal:
            self._move_bar(step)
        elif step.phase in _ENDS:
            text = f"{step.list_name}: {step.phase.value} ({step.note})"
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _move_bar(self, step: Step) -> None:
        bar = self._bars.get(step.list_name)
        if bar is None:
            bar = self._progress.add_task(
                "", total=None, list_name=escape(step.list_name), size="", phase="", note=""
            )
            self._bars[step.list_name] = bar
        if step.phase is Phase.FETCH:
            size = decimal(step.done_bytes) if step.done_bytes else ""
            self._progress.update(bar, completed=step.done_bytes, total=step.total_bytes, size=size)
        elif step.phase in _ENDS:
            self._progress.update(bar, completed=1, total=1)
        note = step.note
        if step.phase in (Phase.FAILED, Phase.HELD):  # a sentence: above the bars, where it fits
            style = _STYLES[step.phase]
            self._progress.print(f"{step.list_name}: {note}", style=style, markup=False)
            note = ""
        phase = f"[{_STYLES[step.phase]}]{step.phase.value}[/]"
        self._progress.update(bar, phase=phase, note=escape(note))
