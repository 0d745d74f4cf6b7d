"""A backend for ``django.tasks``: Django's own decorator and words, with QStash as the queue and no worker to run.

Importing this touches no model and needs no configured settings.

Spec: https://docs.djangoproject.com/en/stable/topics/tasks/
"""

from .backend import QStashBackend
from .options import qstash_options
from .task import QStashTask

__all__ = ["QStashBackend", "QStashTask", "qstash_options"]
