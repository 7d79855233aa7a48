"""What browsers report as errors, which no test may leave behind."""

from __future__ import annotations


class Faults(list[str]):
    """Script errors and answers that were refused, in the words of the browser.

    It may tell of them long after the page has, so what is forgiven is forgiven until the end of
    the test, whenever it comes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._forgiven: list[str] = []

    def forgive(self, *statuses: int) -> None:
        """Answers of these statuses are what is tested, and 401 is how a page learns that nobody is
        signed in."""
        self._forgiven += [f"status of {each}" for each in (401, *statuses)]

    def forgive_of(self, text: str) -> None:
        """So are those whose words have this in them."""
        self._forgiven.append(text)

    def forgive_all(self) -> None:
        """So is whatever comes."""
        self._forgiven.append("")

    def left(self) -> list[str]:
        """What is not forgiven."""
        return [each for each in self if not any(part in each for part in self._forgiven)]
