"""Orders in a database, and the messages about them in the same transactions: Django with an outbox and an inbox.

In production, where PROXY is the address of the proxy that ends TLS, the only one whose `X-Forwarded-*` are believed:

    python django_outbox/manage.py migrate &&
    gunicorn django_outbox.wsgi --bind 0.0.0.0:8000 --threads 4 --forwarded-allow-ips ${PROXY:-127.0.0.1}

In containers, beside a local QStash: `docker compose --profile django_outbox up --build`.
"""
