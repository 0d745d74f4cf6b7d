"""Messages that commit with a transaction, and are sent after it: the rule, without any database or framework.

A message is a row in the caller's own transaction. Whoever sends it holds it alone for a while; it is sent at least
once, under a deduplication id that is the row's. The edges are ``django.outbox`` and ``sqlalchemy``.
"""
