"""What QStash calls by the clock, once ``manage.py qstash schedules sync`` has told it."""

from qstash_integrations.tasks import schedule

from . import tasks

nightly_report = schedule("nightly-report", "0 5 * * *", tasks.report, tz="Europe/Berlin")
stale_orders = schedule("stale-orders", "*/15 * * * *", tasks.ask_again, retries=0)
