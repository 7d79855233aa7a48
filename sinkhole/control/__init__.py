"""The control plane: what people and programs set, see and ask about. It may wait; DNS does not.

settings  from files and the environment to values, or to every mistake with its line
lists     fetched, checked, compiled in a child process, published
database  SQLite: connections to databases of ours
stats     counters in memory, roll-ups in the log's database
querylog  the log in SQLite: written from the records of the DNS plane, and read
explain   who decides what about a question, and what would change it
web       the page, its API and metrics
"""
