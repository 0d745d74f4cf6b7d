"""Django's inbox: ``@verify_qstash(inbox="default")`` lets each message have its effect in that database exactly once.

The mark of a message is written first, in a transaction around the view, and commits with what the view writes;
whatever is not 2xx rolls back. Plain views only: Django's transactions are those of a thread. On SQLite every writer
waits for the view.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/
"""
