"""Measures sinkhole against the machine's limit, Unbound and dnsmasq, on loopback only.

__main__   the command line and the order of things
lists      block lists as published, or made up with a fixed seed
workload   the queries: repeated, blocked, never seen before
process    child processes: pinned to a core, measured through /proc, never left behind
servers    the servers compared, each with its configuration and command
load       dnsperf, and what it reports
speed      CPU time per answered query, in alternating rounds
memory     resident memory, list compilation, and DNS latency during an update
groups     what groups of clients with schedules cost
crowd      forty clients that ask at once, each from an address of its own
searching  the first page of every kind of search, over a log of three million rows
household  that log, made as the server would
report     tables, targets, bench/results.md
native/    the echo and the stub resolver, in C
"""
