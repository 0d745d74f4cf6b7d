"""A QStash for one machine: the same HTTP API, signatures, retries, schedules and queues, on SQLite.

For development and tests. Nothing in the core or the adapters imports it.
"""
