"""The same with async views."""

from tests.servers.apps.project.settings import *  # noqa: F403

ROOT_URLCONF = "tests.servers.apps.project.async_urls"  # pyright: ignore[reportConstantRedefinition]
