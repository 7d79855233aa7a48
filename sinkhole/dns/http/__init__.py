"""DNS in HTTP, both ways, without I/O (RFC 8484).

media       the type of DNS messages, and what is no answer
connection  one HTTP/2 connection, by h2 with tight bounds
encoder     headers that are sent again and again
http1       requests and responses of HTTP/1.1
request     what a request asks
response    an answer, or why there is none
forwarded   whose request a proxy brings
freshness   how long an answer may be kept
"""
