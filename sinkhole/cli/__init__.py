"""The command line: parse, call what does the work, print.

commands       the `sinkhole` command and its commands; `list_commands` those of `sinkhole lists`
options        what all of them share: where settings come from, and how errors end
run            the server, from start to signal
check_config   what is wrong with settings beyond their shape
running_server asks the running server: statistics, explanations, health
explain        who decides what about a name; `explanation` says it in words
lists          update, accept, roll back, compare; `list_status` shows, `list_choice` chooses,
               `list_progress` tells how an update gets on
preview        what a list would newly block
terminal       the way to the terminal, for everything; where tables are printed
"""

from sinkhole.cli.commands import main

__all__ = ["main"]
