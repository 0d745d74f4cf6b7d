"""The fixtures, as a project uses them that has nothing but the package installed."""

import pytest

from tests.testing.outside import FASTAPI_SHOP, OURS, project, run, shown

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.system


def test_the_fixtures_work_without_any_setting(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        shop=FASTAPI_SHOP,
        conftest="""
            import pytest
            from fastapi.testclient import TestClient
            import shop

            @pytest.fixture
            def client():
                shop.shipped.clear()
                with TestClient(shop.app) as client:
                    yield client

            @pytest.fixture
            def qstash_app(client):
                return client
        """,
        test_shop="""
            from shop import shipped

            URL = "https://testserver/hooks/ship"

            def test_sign(client, qstash_sign):
                headers = qstash_sign(url=URL, body=b'{"id": 3}')
                assert client.post("/hooks/ship", content=b'{"id": 3}', headers=headers).status_code == 200
                assert client.post("/hooks/ship", content=b'{"id": 4}', headers=headers).status_code == 401
                assert client.post("/hooks/ship", content=b"", headers=qstash_sign(url=URL, exp=0)).status_code == 401
                assert shipped == [3]

            def test_outbox(client, qstash_outbox):
                client.post("/orders", json={"id": 3})
                qstash_outbox.assert_published(url=URL, json={"id": 3}, delay="10m")
                assert shipped == []

            def test_local(client, qstash_local):
                client.post("/orders", json={"id": 3})
                assert qstash_local.deliver_due() == []
                qstash_local.advance(minutes=10)
                assert shipped == [3]

            def test_all_of_them(qstash_outbox, qstash_sign, qstash_local, client):
                client.post("/orders", json={"id": 3})
                qstash_outbox.assert_published(url=URL)
                headers = qstash_sign(url=URL, body=b'{"id": 4}')
                assert client.post("/hooks/ship", content=b'{"id": 4}', headers=headers).status_code == 200
                qstash_local.run_until_idle()
                assert shipped == [4, 3]
        """,
    )
    run(pytester, passed=4)


def test_a_failed_assertion_shows_the_difference(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        test_it="""
            from qstash_integrations import QStash

            BEFORE = QStash("a-token")

            def test_it(qstash_outbox):
                BEFORE.publish_json(url="https://api.example.com/ship", body={"id": 3})
                qstash_outbox.assert_published(url="https://api.example.com/ship", json={"id": 4})
        """,
    )
    lines = run(pytester, failed=1)
    assert shown(lines, "! json: {'id': 3} was published, expected {'id': 4}")
    assert not shown(lines, "outbox.py")


def test_qstash_local_without_an_app_says_what_to_define(pytester: pytest.Pytester) -> None:
    project(pytester, test_it="def test_it(qstash_local): pass")
    lines = run(pytester, errors=1)
    assert "qstash_local needs your app: define a fixture named qstash_app that returns it" in lines
    assert not shown(lines, "Traceback")


@pytest.mark.parametrize(("fixture", "module"), [("qstash_local", "cronsim"), ("qstash_server", "uvicorn")])
def test_a_fixture_without_its_extra_names_the_extra(pytester: pytest.Pytester, fixture: str, module: str) -> None:
    project(
        pytester,
        conftest=f"""
            import sys
            import pytest

            sys.modules["{module}"] = None  # as if it were not installed

            @pytest.fixture
            def qstash_app():
                return lambda environ, start_response: []
        """,
        test_it=f"def test_it({fixture}): pass",
    )
    lines = run(pytester, errors=1)
    assert f"{fixture} needs {module}; install it with: pip install 'qstash_integrations[server]'" in lines


def test_signing_and_recording_need_no_extra(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        conftest="""
            import sys

            for name in ("starlette", "uvicorn", "cronsim", "simpleeval", "tzdata", "fastapi", "flask", "django"):
                sys.modules[name] = None  # as if it were not installed
        """,
        test_it="""
            import pytest
            from qstash_integrations import QStash

            def test_it(qstash_outbox, qstash_sign):
                QStash().publish(url="https://api.example.com", body=b"")
                assert len(qstash_outbox.messages) == 1
                assert "Upstash-Signature" in qstash_sign(url="https://api.example.com")

            def test_names_that_do():
                with pytest.raises(ImportError, match=r"LocalQStash needs .*qstash_integrations\\[server\\]"):
                    from qstash_integrations.testing import LocalQStash
        """,
    )
    run(pytester, passed=2)


def test_with_unittest(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        shop=FASTAPI_SHOP,
        test_it="""
            import unittest
            from fastapi.testclient import TestClient
            from qstash_integrations.testing import LocalQStash, Outbox
            from shop import app, shipped

            class ShopTest(unittest.TestCase):
                def test_an_order_ships(self):
                    shipped.clear()
                    qstash = self.enterContext(LocalQStash(app))
                    TestClient(app).post("/orders", json={"id": 3})
                    qstash.run_until_idle()
                    self.assertEqual(shipped, [3])

                def test_an_order_is_published(self):
                    with Outbox() as outbox:
                        TestClient(app).post("/orders", json={"id": 3})
                    outbox.assert_published(json={"id": 3})

            class AsyncShopTest(unittest.IsolatedAsyncioTestCase):
                async def test_an_order_ships(self):
                    shipped.clear()
                    with LocalQStash(app) as qstash:
                        await app.state.qstash.publish_json(url="https://testserver/hooks/ship", body={"id": 3})
                        await qstash.arun_until_idle()
                    self.assertEqual(shipped, [3])
        """,
    )
    run(pytester, passed=3)
    done = pytester.runpython_c("import unittest; unittest.main('test_it')")
    assert done.ret == 0


def test_a_real_server_delivers_over_real_sockets(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        test_it="""
            import queue
            import threading
            from wsgiref.simple_server import WSGIRequestHandler, make_server
            from flask import Flask, request
            from qstash_integrations.flask import QStash, qstash, verify_qstash

            def test_it(qstash_server, monkeypatch):
                app, bodies = Flask(__name__), queue.Queue()

                @app.post("/hooks/ship")
                @verify_qstash
                def ship():
                    bodies.put(request.get_data())
                    return "done"

                class Quiet(WSGIRequestHandler):
                    def log_message(self, *arguments):
                        pass

                server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
                app.config["QSTASH_PUBLIC_URL"] = f"http://127.0.0.1:{server.server_port}"
                QStash(app)
                thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
                thread.start()
                try:
                    with app.app_context():
                        qstash.publish(url=qstash.url_for("ship"), body=b"hi")
                    assert bodies.get(timeout=20) == b"hi"
                finally:
                    server.shutdown()
                    thread.join()
                    server.server_close()
        """,
    )
    run(pytester, passed=1)


def test_with_xdist_every_worker_has_a_server_of_its_own(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        test_it="""
            import pathlib
            import time
            import pytest
            from qstash_integrations import QStash

            @pytest.mark.parametrize("number", [1, 2])
            def test_it(qstash_server, number, worker_id):
                QStash().publish(url="http://127.0.0.1:9/", body=b"", delay="1h")
                pathlib.Path(f"{worker_id}.url").write_text(qstash_server.url)
                # Both are up at the same time.
                deadline = time.monotonic() + 20
                while len(list(pathlib.Path().glob("gw*.url"))) < 2 and time.monotonic() < deadline:
                    time.sleep(0.01)
        """,
    )
    run(pytester, "-n", "2", plugins=[OURS, "xdist"], passed=2)
    urls = [path.read_text() for path in pytester.path.glob("gw*.url")]
    assert len(set(urls)) == 2


HANDED_ON = """
import os
from flask import Flask, current_app
from qstash_integrations.flask import QStash, verify_qstash

app = Flask(__name__)
{configuration}
QStash(app)

@app.post("/orders")
def order():
    qstash = current_app.extensions["qstash"]
    qstash.publish_json(url=qstash.url_for("ship"), body=3)
    return ""

@app.post("/ship")
@verify_qstash
def ship():
    return ""
"""
SHIPS = """
import pytest
from shop import app

@pytest.fixture
def qstash_app():
    return app

def test_an_outbox_has_it_too(qstash_outbox):
    app.test_client().post("/orders")
    assert qstash_outbox.messages[0].url == "{url}/ship"

def test_it(qstash_local):
    app.test_client().post("/orders")
    assert [(attempt.url, attempt.status) for attempt in qstash_local.run_until_idle()] == [("{url}/ship", 200)]
"""
TERMINAL = {
    "QSTASH_URL": "https://qstash-us-east-1.upstash.io",
    "QSTASH_TOKEN": "a-token-of-production",
    "QSTASH_CURRENT_SIGNING_KEY": "sig_of_production_00000000000000",
    "QSTASH_NEXT_SIGNING_KEY": "sig_of_production_11111111111111",
    "QSTASH_PUBLIC_URL": "https://shop.example",
    "QSTASH_REGION": "US_EAST_1",
    "US_EAST_1_QSTASH_URL": "https://qstash-us-east-1.upstash.io",
    "US_EAST_1_QSTASH_TOKEN": "a-token-of-the-region",
}
FROM_TERMINAL = "app.config.update({name: os.environ[name] for name in os.environ if name.startswith('QSTASH_')})"
CONFIGURATIONS = {
    "nothing": ("", "https://testserver"),
    "what the terminal says": (FROM_TERMINAL.replace("'QSTASH_'", "'QSTASH_P'"), "https://testserver"),
    "a URL of its own": ("app.config['QSTASH_PUBLIC_URL'] = 'https://own.example'", "https://own.example"),
    "a variable of its own": ("os.environ['QSTASH_PUBLIC_URL'] = 'https://own.example'", "https://own.example"),
    "tokens and keys": (
        "app.config.update(QSTASH_TOKEN='own', QSTASH_URL='https://own.example')",
        "https://testserver",
    ),
}


@pytest.mark.parametrize(("configuration", "url"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_what_the_terminal_has_exported_does_not_count(
    configuration: str, url: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in TERMINAL.items():
        monkeypatch.setenv(name, value)
    project(pytester, shop=HANDED_ON.format(configuration=configuration), test_it=SHIPS.format(url=url))
    run(pytester, passed=2)
