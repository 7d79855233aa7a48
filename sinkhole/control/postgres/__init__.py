"""What several sinkholes share in a PostgreSQL: their log, its statistics, and their state.

It needs asyncpg.

server        connections, and what their errors mean: no other file calls asyncpg
schema        the tables: rows in partitions by day, dictionaries, roll-ups by node
numbers       which numbers names, clients and all else have there
sender        from the outbox of the log's file to the server, each batch once
erasing       what somebody wants gone
upkeep        partitions made and dropped, minutes folded into hours, values swept
conditions    what is sought, as SQL; search reads it, newest first
counts        the roll-ups, to read
store         the log, to read
state_hub     the state that all share
list_offers   lists that one node has fetched, for all
presence      this node among the others; `members` is their table
takeout       what a file takes back from the database
shared_log    the log of it together: connected, away, caught up

The log's own file (`control/querylog`) is always written first. It is what waits to be sent, and
what is read while the server is away.
"""
