"""An outbox in the project's own database: a message is a row of the transaction in which it was published.

``qstash.outbox.publish_json(...)`` and, with ``QSTASH = {"OUTBOX": True}``, ``publish_on_commit`` write rows; what is
rolled back was never published, and what is committed is sent although the process dies. Importing this touches no
model and needs no configured settings.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/
"""
