"""From blocky's config.yml to a plan.

reader     the whole file, older keys in their new places (start here)
resolving  upstreams, names of the house, cache, limits
blocking   lists and their groups, whom they are for, and when
"""
