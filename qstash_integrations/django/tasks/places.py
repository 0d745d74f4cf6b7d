"""Where a task is called: the URLs of this package's views, and QStash's queue.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from django.core.exceptions import ImproperlyConfigured

from ..reversing import included, public_url
from .calls import Urls
from .options import BackendOptions

VIEW, FAILED_VIEW = "django-task", "django-task-failed"
NO_ROUTE = (
    'no URL leads to the tasks: put path("qstash/", include("qstash_integrations.django.urls")) into the project\'s '
    'urlpatterns, or, where another service runs them, its URL into OPTIONS = {"URL": "https://example.com/qstash"}'
)


def urls_of(name: str, options: BackendOptions) -> Urls:
    """ConfigurationError where there is no public URL, ImproperlyConfigured where none leads to the views."""
    if options.url is not None:
        return Urls.below(options.url, name)
    run, failed = (included(view, name=name) for view in (VIEW, FAILED_VIEW))
    if run is None or failed is None:
        raise ImproperlyConfigured(NO_ROUTE)
    return Urls(public_url(run), public_url(failed))


def queue_of(queue_name: str, options: BackendOptions) -> str | None:
    """A queue of Django's is one of QStash's, but for "default"; OPTIONS may say otherwise."""
    return options.queues.get(queue_name, None if queue_name == "default" else queue_name)
