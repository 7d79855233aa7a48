"""Everything a person or a program can do, one typed function each.

An operation names what it takes, what it gives, and the permission it needs; `perform` checks the
permission, runs it, and keeps in the audit what changed something. The API, the page and the
commands are thin adapters on operations and decide nothing.

    operation   what an operation is, and how one is written
    perform     the one way to have one done
    house       all that operations work on
    catalogue   all of them, for whoever offers them

    refusals    the codes of errors, and errors of the parts translated
    underway    what takes long, so that there is not too much of it at once
    answers     records and rules as they are shown; `asker`: which client is meant
    trials      what rules and lists would do, to a question and to the log
"""
