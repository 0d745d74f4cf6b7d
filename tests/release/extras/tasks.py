"""Extra ``tasks``: a call holds its arguments, which pydantic has checked."""

from qstash_integrations.tasks import task


@task
def ship(order_id: int) -> None:
    raise AssertionError("bound, not run")


assert ship.bind(order_id=3).task is ship
try:
    ship.bind(order_id="three")
    refused = ""
except TypeError as error:
    refused = str(error)
assert "order_id" in refused, refused
