"""The tasks of a small shop, as an app would write them."""

from dataclasses import dataclass
from typing import Annotated, Any

from qstash_integrations import Callback
from qstash_integrations.tasks import Injected, task


@dataclass
class Invoice:
    number: int
    pdf: str


class Db:
    pass


@task
def ship(order_id: int, *, gift: bool = False) -> int:
    return order_id * 10


@task(timeout="25s")
async def invoice(order_id: int) -> Invoice:
    return Invoice(order_id, f"{order_id}.pdf")


@task(label="letters", queue="mail")
def mail(to: str, invoice: Invoice) -> None:
    letters.append((to, invoice))


@task(retries=1, timeout="10s")
def told(callback: Callback, *, by: str = "nobody") -> None:
    letters.append((by, callback))


@task
def stored(order_id: int, db: Annotated[Db, "of the framework"] = Injected) -> None:
    letters.append((order_id, db))


letters: list[Any] = []
