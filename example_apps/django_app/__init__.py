"""Orders that QStash ships, in Django. The configuration is the QSTASH_* environment variables."""
