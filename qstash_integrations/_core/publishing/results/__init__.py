"""What comes back from QStash, as frozen values under the official SDK's names; a module per resource.

Instants stay as QStash sends them, Unix milliseconds. A field that QStash left out is None. Bodies and headers, which
may hold secrets, are left out of every repr.

Spec: https://upstash.com/docs/qstash/openapi.yaml
"""
