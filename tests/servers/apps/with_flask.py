"""Flask: a decorated view."""

from flask import Flask, g, request

from qstash_integrations.flask import verify_qstash
from tests.servers.apps import METHODS, OPTIONS, RAN, handle, ran

application = Flask("shop")


def show() -> str:
    return ran()


@verify_qstash(**OPTIONS)
def hook(path: str) -> str:
    return handle(request.get_data(), g.qstash_delivery)


application.add_url_rule(RAN, view_func=show)
for rule in ("/", "/<path:path>"):
    application.add_url_rule(
        rule,
        view_func=hook,
        methods=METHODS,
        defaults={"path": ""} if rule == "/" else None,
        provide_automatic_options=False,
    )
