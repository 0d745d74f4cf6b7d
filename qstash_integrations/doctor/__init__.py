"""The doctor: why a webhook does not arrive, found from facts; ``qstash-integrations doctor`` and its like.

Edges collect facts (``shapes.py``, the adapters' ``place.py``, ``account.py``, ``knocking.py``), rules are pure
functions over them (``*_rules.py``, one table in ``table.py``), ``stages.py`` decides what may be asked next. It posts
to no route but the probe's, signs for no other URL, and publishes nothing unless it was told to.
"""
