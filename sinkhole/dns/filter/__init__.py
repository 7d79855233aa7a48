"""Is this name refused? Block and allow lists, from lines of text to a match.

match       `Matcher`: the lists of everybody, one answer
selection   what some of these lists say, or only what they allow
tier        lists among whose rules one wins, and what a match says
trie        `CompiledList`: one list, ready to be asked
precedence  of all rules that match, which one wins
conditions  whether a rule counts for a question: client, type, names left out
networks    which of many networks an address is in
traits      what rules ask about clients, and what of that holds for one

compiled/   the file that a list is compiled to: written, mapped, asked
patterns/   masks and regular expressions: whether one fits a name
language/   a line of text -> a rule

Here, at the door, is what a query meets first. Each folder imports only those below it, and of
`language` the door knows no more than what a rule is (`line`). Nothing here waits, knows the time
or opens a file while matching.
"""
