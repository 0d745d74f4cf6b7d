"""The fixtures beside the plugins for async code and Django."""

import pytest

from tests.testing.outside import ASYNCIO, FASTAPI_SHOP, OURS, project, run

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.system

ASYNC_TEST = """
import httpx
import pytest
from shop import app, shipped

pytestmark = pytest.mark.{mark}

@pytest.fixture
def qstash_app():
    shipped.clear()
    return app

async def test_an_order_ships(qstash_local):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://testserver") as client:
        await client.post("/orders", json={{"id": 3}})
    assert await qstash_local.adeliver_due() == []
    assert [attempt.status for attempt in await qstash_local.aadvance(minutes=10)] == [200]
    assert shipped == [3]

async def test_the_wrong_kind_of_method_is_named(qstash_local):
    with pytest.raises(RuntimeError, match="use the method that starts with an a"):
        qstash_local.run_until_idle()
"""


def test_with_pytest_asyncio(pytester: pytest.Pytester) -> None:
    project(pytester, shop=FASTAPI_SHOP, test_it=ASYNC_TEST.format(mark="asyncio"))
    run(pytester, *ASYNCIO, plugins=[OURS, "asyncio"], passed=2)


def test_with_anyio_on_asyncio_and_trio(pytester: pytest.Pytester) -> None:
    test = ASYNC_TEST.format(mark="anyio").partition("async def test_the_wrong_kind")[0]
    project(pytester, shop=FASTAPI_SHOP, test_it=test)
    run(pytester, plugins=[OURS, "anyio"], passed=2)


DJANGO = {
    "settings": """
        SECRET_KEY = "only for tests"
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "qstash_integrations.django"]
        MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
        ROOT_URLCONF = "urls"
        QSTASH = {"PUBLIC_URL": "https://shop.example"}
        ALLOWED_HOSTS = ["shop.example"]
        USE_TZ = True
    """,
    "urls": """
        from django.contrib.auth.models import Group
        from django.db import transaction
        from django.http import HttpResponse
        from django.urls import path
        from qstash_integrations.django import qstash, verify_qstash

        def order(request):
            group = Group.objects.create(name="ordered")
            qstash.publish_json(url=qstash.url_for("ship"), body={"id": group.id}, delay="10m")
            return HttpResponse(status=202)

        @verify_qstash
        def ship(request):
            Group.objects.filter(id=request.qstash_delivery.json()["id"]).update(name="shipped")
            return HttpResponse()

        urlpatterns = [path("orders", order), path("hooks/ship", ship, name="ship")]
    """,
}


def test_with_pytest_django(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        **DJANGO,
        test_it="""
            import pytest
            from django.contrib.auth.models import Group
            from django.core.asgi import get_asgi_application
            from django.test import TestCase
            from qstash_integrations.testing import LocalQStash

            def names():
                return [group.name for group in Group.objects.all()]

            @pytest.mark.django_db
            def test_an_order_ships(client, qstash_local):
                client.post("/orders")
                assert names() == ["ordered"]
                qstash_local.run_until_idle()
                assert names() == ["shipped"]

            @pytest.mark.django_db
            def test_it_does_so_again_in_an_empty_database(client, qstash_local):
                assert names() == []

            @pytest.mark.django_db
            def test_under_asgi(client):
                with LocalQStash(get_asgi_application()) as local:
                    client.post("/orders")
                    local.run_until_idle()
                assert names() == ["shipped"]

            @pytest.mark.django_db(transaction=True)
            @pytest.mark.asyncio
            async def test_in_async_code(async_client, qstash_local):
                await async_client.post("/orders")
                await qstash_local.arun_until_idle()
                assert [group.name async for group in Group.objects.all()] == ["shipped"]

            @pytest.mark.django_db
            def test_the_outbox(client, qstash_outbox):
                client.post("/orders")
                qstash_outbox.assert_published(url="https://shop.example/hooks/ship", delay="10m")

            @pytest.mark.django_db
            def test_sign(client, qstash_sign):
                group = Group.objects.create(name="ordered")
                body = f'{{"id": {group.id}}}'
                headers = qstash_sign(url="https://shop.example/hooks/ship", body=body)
                client.post("/hooks/ship", body, content_type="application/json", headers=headers)
                assert names() == ["shipped"]

            class ShopTest(TestCase):
                def test_an_order_ships(self):
                    from django.core.handlers.wsgi import WSGIHandler

                    with LocalQStash(WSGIHandler()) as qstash:
                        self.client.post("/orders")
                        qstash.run_until_idle()
                    self.assertEqual(names(), ["shipped"])
        """,
    )
    run(pytester, *ASYNCIO, "--ds", "settings", plugins=[OURS, "django", "asyncio"], passed=7)
