"""Which URL a request must have been signed for, whatever Flask's own idea of the host and the path is."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from qstash_integrations import ConfigurationError
from qstash_integrations.flask import QStash, qstash, verify_qstash
from tests.flask.apps import RECEIVER, REJECTED, name_of_file, new_app, send, ship
from tests.hosts import Request, wsgi_send
from tests.signing import ORIGIN, signed
from tests.wsgi_server import exchange, request_bytes, running


def test_F13_a_host_that_flask_does_not_trust_is_flasks_own_400() -> None:
    app = new_app()
    app.config["TRUSTED_HOSTS"] = ["api.example.com"]
    app.post("/hooks/ship")(verify_qstash(ship))
    headers = [("Host", "evil.example"), ("Upstash-Signature", signed(b""))]
    assert wsgi_send(app)(Request("/hooks/ship", headers)).status == 400


def test_F14_H57_H61_neither_the_host_nor_a_proxy_header_decides_the_url() -> None:
    app = new_app()
    app.post("/hooks/ship")(verify_qstash(ship))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_proto=1, x_prefix=1)  # type: ignore[method-assign]
    evil = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http")]
    signed_for_evil = ("Upstash-Signature", signed(b"", "https://evil.example/hooks/ship"))
    assert wsgi_send(app)(Request("/hooks/ship", [*evil, signed_for_evil])) == REJECTED
    assert wsgi_send(app)(Request("/hooks/ship", [*evil, ("Upstash-Signature", signed(b""))])).status == 200


def test_F15_a_mounted_app_is_verified_with_the_mount_in_its_url() -> None:
    app = new_app()
    app.post("/hooks/ship")(verify_qstash(ship))
    mounted = DispatcherMiddleware(Flask("other"), {"/shop": app})
    assert send(mounted, "/shop/hooks/ship").body == (ORIGIN + "/shop/hooks/ship").encode()
    assert send(mounted, "/shop/hooks/ship", token=signed(b"")) == REJECTED


def test_F15_a_prefix_in_the_public_url_replaces_the_mount() -> None:
    app = new_app(public_url=ORIGIN + "/public")
    app.post("/hooks/ship")(verify_qstash(ship))
    mounted = DispatcherMiddleware(Flask("other"), {"/shop": app})
    assert send(mounted, "/shop/hooks/ship", token=signed(b"", ORIGIN + "/public/hooks/ship")).status == 200


def test_F15_with_an_application_root_the_url_of_a_view_is_the_one_that_is_verified() -> None:
    app = Flask("shop")
    app.config["APPLICATION_ROOT"] = "/shop"
    QStash(app, receiver=RECEIVER, public_url=ORIGIN)
    app.post("/hooks/ship", endpoint="ship")(verify_qstash(ship))
    app.add_url_rule("/tell", view_func=lambda: qstash.url_for("ship"))
    url = ORIGIN + "/shop/hooks/ship"
    with app.app_context():
        assert qstash.url_for("ship") == url
    mounted = DispatcherMiddleware(Flask("other"), {"/shop": app})
    for served, mount in ((app, ""), (mounted, "/shop")):
        assert wsgi_send(served)(Request(f"{mount}/tell", method="GET")).body == url.encode()
        assert send(served, f"{mount}/hooks/ship", token=signed(b"", url)).status == 200
        assert send(served, f"{mount}/hooks/ship", token=signed(b"")) == REJECTED


def test_F15_without_one_the_url_of_a_view_has_the_mount_of_the_current_request() -> None:
    app = new_app()
    app.post("/hooks/ship", endpoint="ship")(verify_qstash(ship))
    app.add_url_rule("/tell", view_func=lambda: qstash.url_for("ship"))
    mounted = DispatcherMiddleware(Flask("other"), {"/my shop": app})
    assert (
        wsgi_send(mounted)(Request("/my%20shop/tell", method="GET")).body
        == b"https://api.example.com/my%20shop/hooks/ship"
    )
    assert send(mounted, "/my%20shop/hooks/ship", token=signed(b"", ORIGIN + "/my%20shop/hooks/ship")).status == 200


@pytest.mark.parametrize("around", [lambda app: app, lambda app: without_raw_target(app)], ids=["raw", "decoded"])
def test_S14_a_header_does_not_move_the_url_of_a_view(around: Any) -> None:
    app = new_app()
    app.post("/hooks/ship", endpoint="ship")(verify_qstash(ship))
    app.add_url_rule("/tell", view_func=lambda: qstash.url_for("ship"))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    request = Request("/tell", [("X-Forwarded-Prefix", "/evil")], method="GET")
    assert wsgi_send(around(app))(request).body == b"https://api.example.com/hooks/ship"


def test_S14_below_a_mount_that_a_header_may_have_set_no_url_is_built() -> None:
    app = new_app()
    app.testing = True
    app.post("/hooks/ship", endpoint="ship")(verify_qstash(ship))
    app.add_url_rule("/tell", view_func=lambda: qstash.url_for("ship"))
    request = Request("/tell", [("X-Forwarded-Prefix", "/evil")], method="GET")
    with pytest.raises(
        ConfigurationError, match="SCRIPT_NAME that a header may have set; put its path into QSTASH_PUBLIC"
    ):
        wsgi_send(ProxyFix(without_raw_target(app), x_prefix=1))(request)


def test_a_route_of_one_host_has_its_url_there() -> None:
    by_subdomain, by_host = (
        Flask("shop", subdomain_matching=True),
        Flask("shop", host_matching=True, static_host="s.example"),
    )
    by_subdomain.config["SERVER_NAME"] = "shop.example:8000"
    by_subdomain.add_url_rule("/hook", "hook", ship, subdomain="<tenant>")
    by_subdomain.add_url_rule("/", "index", ship)
    by_host.add_url_rule("/hook", "hook", ship, host="hooks.shop.example")
    by_host.add_url_rule("/other", "other", ship, host="other.example")
    for app in (by_subdomain, by_host):
        QStash(app, receiver=RECEIVER, public_url=[ORIGIN, "https://*.shop.example"])
    with by_subdomain.app_context():
        assert qstash.url_for("hook", tenant="a") == "https://a.shop.example/hook"
        assert qstash.url_for("index") == ORIGIN + "/"
    with by_host.app_context():
        assert qstash.url_for("hook") == "https://hooks.shop.example/hook"
        with pytest.raises(
            ConfigurationError, match=r"^QSTASH_PUBLIC_URL has no URL on 'other\.example', and the route"
        ):
            qstash.url_for("other")


def test_F16_a_redirect_runs_no_view_and_its_target_is_verified_for_itself() -> None:
    app = new_app()
    app.post("/files/<path:name>/")(verify_qstash(name_of_file))
    assert send(app, "/files/a").status == 308
    assert send(app, "/files//a/").status == 308
    assert send(app, "/files/a/", token=signed(b"", ORIGIN + "/files/a")) == REJECTED
    assert send(app, "/files/a%2Fb/").body == b"a/b"


def test_H47_H49_the_raw_target_of_a_real_server_is_what_was_signed() -> None:
    app = new_app()
    app.post("/hook/<path:name>")(verify_qstash(name_of_file))
    target = "/hook/a%20b%2Fc?z=%C3%A9&a=1&a=2"
    signature = {"Upstash-Signature": signed(b"", ORIGIN + target), "Content-Length": "0"}
    with running(app) as port:
        assert exchange(port, request_bytes(target, signature, b"")).body == b"a b/c"
        assert exchange(port, request_bytes("/hook/a%20b/c?z=%C3%A9&a=1&a=2", signature, b"")).status == 401
        assert exchange(port, request_bytes(f"http://evil.example{target}", signature, b"")).status == 200


def without_raw_target(app: Any) -> Any:
    """As on Granian."""

    def called(environ: Any, start_response: Any) -> Any:
        del environ["RAW_URI"]
        return app(environ, start_response)

    return called


def test_S14_without_a_raw_target_the_mount_is_the_one_before_proxy_fix() -> None:
    app = new_app()
    app.post("/hooks/ship")(verify_qstash(ship))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    mounted = DispatcherMiddleware(Flask("other"), {"/shop": app})
    moved = ("X-Forwarded-Prefix", "/v2")
    for served, path in ((app, "/hooks/ship"), (mounted, "/shop/hooks/ship")):
        send_to = wsgi_send(without_raw_target(served))
        for signed_for in (f"/v2{path}", "/v2/hooks/ship", "/hooks/ship", path):
            token = ("Upstash-Signature", signed(b"", ORIGIN + signed_for))
            assert (send_to(Request(path, [token, moved])).status == 200) is (signed_for == path)


def test_S14_a_mount_inside_proxy_fix_is_not_taken_off_by_a_header() -> None:
    app = new_app()
    app.post("/hooks/ship")(verify_qstash(ship))
    send_to = wsgi_send(without_raw_target(ProxyFix(DispatcherMiddleware(Flask("other"), {"/v2": app}))))
    elsewhere = [("Upstash-Signature", signed(b"")), ("X-Forwarded-Prefix", "/v2")]
    assert send_to(Request("/v2/hooks/ship", elsewhere)) == REJECTED
    genuine = [("Upstash-Signature", signed(b"", ORIGIN + "/v2/hooks/ship"))]
    assert send_to(Request("/v2/hooks/ship", genuine)).status == 200


def test_a_header_that_moves_the_mount_does_not_move_a_signature() -> None:
    app = new_app(public_url=ORIGIN + "/public")
    app.post("/admin/hooks")(verify_qstash(ship))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    elsewhere = [("Upstash-Signature", signed(b"", ORIGIN + "/public/hooks"))]
    for moved in ([], [("X-Forwarded-Prefix", "/admin")]):
        assert wsgi_send(app)(Request("/admin/hooks", [*elsewhere, *moved])) == REJECTED
