"""Django's table for ``DjangoDatabaseStore``: one row for each message and each token that ``once=`` remembers.

Spec: https://docs.djangoproject.com/en/stable/topics/migrations/
"""
