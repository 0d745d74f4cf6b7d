"""A client of a server that runs, without any SDK between."""

import httpx

from qstash_integrations.server.app import LocalServer


def client(server: LocalServer) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, trust_env=False, timeout=10
    )
