"""Orders that QStash ships, in Django. The configuration is the QSTASH_* environment variables.

In production, where PROXY is the address of the proxy that ends TLS, the only one whose `X-Forwarded-*` are believed:

    gunicorn django_app.wsgi --bind 0.0.0.0:8000 --threads 4 --forwarded-allow-ips ${PROXY:-127.0.0.1}

In containers, beside a local QStash: `docker compose --profile django_app up --build`.
"""
