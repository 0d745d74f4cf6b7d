"""A Django project as ``startproject`` makes it, with what projects add to it. Runs its own tests on a live server."""

import sys
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

settings.configure(
    SECRET_KEY="only for tests",
    DEBUG=True,
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "corsheaders",
        "debug_toolbar",
        "qstash_integrations.django",
    ],
    MIDDLEWARE=MIDDLEWARE,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    STATIC_URL="static/",
    INTERNAL_IPS=["127.0.0.1"],
    CORS_ALLOW_ALL_ORIGINS=True,
    DEBUG_TOOLBAR_CONFIG={"IS_RUNNING_TESTS": False, "SHOW_TOOLBAR_CALLBACK": lambda request: True},
    USE_TZ=True,
)
django.setup()

import httpx  # noqa: E402
from django.contrib.staticfiles.testing import StaticLiveServerTestCase  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402

from qstash_integrations import NonRetryable, Receiver  # noqa: E402
from qstash_integrations.django import verify_qstash  # noqa: E402
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed  # noqa: E402

OPTIONS: Any = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}


@verify_qstash(**OPTIONS)
def ship(request: HttpRequest) -> HttpResponse:
    if request.body == b"stops":
        raise NonRetryable("no such order")
    return HttpResponse(request.body * 100)


@verify_qstash(**OPTIONS)
async def aship(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


urlpatterns = [
    path("hooks/ship", ship),
    path("hooks/aship", aship),
    path("__debug__/", include("debug_toolbar.urls")),
]


class OnALiveServer(StaticLiveServerTestCase):
    def post(self, target: str, body: bytes, token: str | None = None) -> httpx.Response:
        headers = {"Origin": "https://shop.example"} | ({} if token is None else {"Upstash-Signature": token})
        return httpx.post(self.live_server_url + target, content=body, headers=headers)

    def test_webhooks(self) -> None:
        genuine = self.post("/hooks/ship", b"hi", signed(b"hi"))
        assert (genuine.status_code, genuine.content) == (200, b"hi" * 100)
        assert genuine.headers["access-control-allow-origin"] == "*"
        assert self.post("/hooks/ship", b"stops", signed(b"stops")).status_code == 489
        assert self.post("/hooks/aship", b"hi", signed(b"hi", ORIGIN + "/hooks/aship")).content == b"hi"
        for target in ("/hooks/ship", "/hooks/aship"):
            forged = self.post(target, b"hi")
            assert (forged.status_code, forged.content) == (401, b'{"error":"invalid signature"}')


if __name__ == "__main__":
    sys.exit(DiscoverRunner(verbosity=0).run_tests([f"{__name__}.OnALiveServer"]))
