"""What happens to a query, from its bytes to its reply.

pipeline         THE PAGE: the order of everything, and the stages of a question with their reasons
decide_question  what each stage says about a question
decide_answer    what a policy says about an upstream's answer, at first and again
forward          asking an upstream about what waits, and keeping what it says
asking           which of several questions is asked for one that waits
prefetch         popular names, asked for again before their answers expire
synthesis        what DNS64 does between the two questions it asks
requester        a client that waits: it gets one reply, whatever happens
bugs             exceptions that no query should meet, counted and logged
permit           why a question may go to an upstream
replies          replies of each kind, with the report that says why
reaction         what a listener is told to do with a query
"""
