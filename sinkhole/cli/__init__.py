"""The command line: parse, call what does the work, print.

commands       the `sinkhole` command, `run` and what needs no operation; the others are in a file
               for each group, `*_commands`, which `other_commands` puts together when one is named
calling        has operations done: by the running server, or by this process
control_socket HTTP over the socket in the data folder; `routes` is where operations are
options        what all commands share: where settings come from, how errors are told
telling        what commands about operations share: who does it, and how what came of it is told
completion     what shells complete
run            the server, from start to signal; `signals` has what those mean
check_config   what is wrong with settings beyond their shape
running_server asks the running server at its older addresses: statistics, explanations, health
explain        who decides what about a name; `explanation` says it in words
lists          differences and compiling; `list_status` shows, `list_choice` has the catalogue,
               `list_progress` tells how an update gets on, `preview` what a list would newly block
log_lines      queries as lines
terminal       the way to the terminal, for everything; `console` for colours, tables and bars
"""

from sinkhole.cli.commands import main

__all__ = ["main"]
