"""Questions that want a tool, and such that want none: drawn from wordings of our own.

Each kind has a module; `pool` puts them together. What a pool holds does not depend on chance.
"""
