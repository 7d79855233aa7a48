"""Patterns of rules: whether one fits a name, in time linear in the name.

pattern     masks such as `||ads*.example^`, and what all patterns look at
regex       the regular expression of a rule, and the texts it can't do without
expression  the text of a regular expression -> a tree; refuses what can't be matched so
automaton   the engine that walks such a tree over a name
"""
