"""A Django project with one task four times: neutral, of our backend, of django-tasks-db, and as a view."""
