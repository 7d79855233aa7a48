"""Who sends a query in a scenario, how, and how often."""

from __future__ import annotations

from script import Words

from sinkhole.dns.pipeline.channel import TCP, UDP


class Sender:
    """Who sends a query, how, and how often."""

    def __init__(self) -> None:
        self.address = "192.0.2.7"
        self.channel = UDP
        self.times = 1

    def understands(self, word: str, words: Words) -> bool:
        """Take a word that is about the sender, with what follows it."""
        if word == "from":
            self.address = words.take("an address")
        elif word == "over" and words.next_is("tcp"):
            self.channel = TCP
        elif word == "times":
            self.times = words.number("a number")
        else:
            return False
        return True
