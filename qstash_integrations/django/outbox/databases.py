"""Where there is an outbox.

Spec: https://docs.djangoproject.com/en/stable/topics/db/multi-db/
"""

from django.apps import apps
from django.db import connections, router

from ..conf import ConfigurationError
from .places import APP, NOT_INSTALLED


def database(using: str | None = None) -> str:
    """The alias that rows are written to: ``using``, or what the routers say of the model."""
    if not apps.is_installed(APP):
        raise ConfigurationError(NOT_INSTALLED)
    from .models import StoredMessage

    return router.db_for_write(StoredMessage) if using is None else using


def databases() -> list[str]:
    """Where rows may be: ``using=`` may have written to any database that the routers let have the table."""
    first = database()
    return [first, *(alias for alias in connections if alias != first and _may_have_table(alias))]


def has_table(alias: str) -> bool:
    """Asks the database, which may be away."""
    from .models import StoredMessage

    return StoredMessage._meta.db_table in connections[alias].introspection.table_names()


def _may_have_table(alias: str) -> bool:
    from .models import StoredMessage

    # A mirror is what tests are told of a replica.
    is_replica = connections[alias].settings_dict["TEST"]["MIRROR"] is not None
    return not is_replica and router.allow_migrate_model(alias, StoredMessage)
