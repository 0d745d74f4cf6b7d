from qstash_integrations.tasks import Callback, schedule, task

invoices: list[str] = []


@task(retries=5)
def invoice(order_id: int) -> str:
    return f"invoice {order_id}"


@task
def note(callback: Callback) -> None:
    invoices.append(invoice.result(callback))


monthly = schedule("monthly-invoice", "0 3 1 * *", invoice.bind(order_id=0), tz="Europe/Berlin")
