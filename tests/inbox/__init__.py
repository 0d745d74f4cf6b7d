"""The inbox: its rule, Django's and SQLAlchemy's edge, and who would have a handler run twice."""
