"""The words every floor uses: plain types, without I/O and without a clock of their own.

errors      the tree of errors
verdict     what became of a query, and who decided it
record      records of answered queries, and the buffer in which they leave the DNS plane
statistics  what statistics say of a period
status      how the parts of a running server do
tasks       the one way to start an asyncio task
"""
