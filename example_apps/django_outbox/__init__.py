"""Orders in a database, and the messages about them in the same transactions: Django with an outbox and an inbox."""
