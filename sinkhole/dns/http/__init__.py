"""DNS in HTTP, both ways, without I/O (RFC 8484).

connection  one HTTP/2 connection, by h2 with tight bounds
encoder     headers that are sent again and again
media       the type of DNS messages, and what is no answer
"""
