"""The app that the doctor looks at, in each framework, as a module ``shop``; a fault may change three places of it.

``options`` is what the extension is given, ``ahead`` what stands ahead of verification, ``more`` what comes behind all.
"""

from typing import NamedTuple

FLASK = """
import os, threading
from flask import Flask, request
from qstash_integrations import NonRetryable
from qstash_integrations.flask import QStash, verify_qstash

app = Flask(__name__)
QStash(app, {options})
{ahead}

@app.post("/hooks/ship")
@verify_qstash
def ship():
    return "shipped"

@app.post("/hooks/slow")
@verify_qstash
def slow():
    threading.Event().wait(5)
    return "late"

@app.post("/hooks/refund")
@verify_qstash
def refund():
    raise NonRetryable("no such order")

@app.get("/")
def front():
    return "shop"
{more}
"""
STARLETTE = """
import os, anyio
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from qstash_integrations import NonRetryable
from qstash_integrations.starlette import QStash, verify_qstash

@verify_qstash
async def ship(request):
    return PlainTextResponse("shipped")

@verify_qstash
async def slow(request):
    await anyio.sleep(5)
    return PlainTextResponse("late")

@verify_qstash
async def refund(request):
    raise NonRetryable("no such order")

async def front(request):
    return PlainTextResponse("shop")

app = Starlette(routes=[
    Route("/", front),
    Route("/hooks/ship", ship, methods=["POST"]),
    Route("/hooks/slow", slow, methods=["POST"]),
    Route("/hooks/refund", refund, methods=["POST"]),
])
QStash(app, {options})
{ahead}
{more}
"""
FASTAPI = """
import os, anyio
from fastapi import APIRouter, FastAPI
from qstash_integrations import NonRetryable
from qstash_integrations.fastapi import QStash, VerifiedRoute

hooks = APIRouter(prefix="/hooks", route_class=VerifiedRoute)

@hooks.post("/ship")
async def ship():
    return "shipped"

@hooks.post("/slow")
async def slow():
    await anyio.sleep(5)

@hooks.post("/refund")
async def refund():
    raise NonRetryable("no such order")

app = FastAPI()

@app.get("/")
async def front():
    return "shop"

app.include_router(hooks)
QStash(app, {options})
{ahead}
{more}
"""
DJANGO = """
import os, threading
import django
from django.conf import settings
from django.http import HttpResponse

settings.configure(
    SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], APPEND_SLASH=False,
    INSTALLED_APPS=["qstash_integrations.django", *APPS],
    MIDDLEWARE=[*MIDDLEWARE, "django.middleware.csrf.CsrfViewMiddleware"],
    QSTASH=dict({options}),
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from qstash_integrations import NonRetryable
from qstash_integrations.django import verify_qstash

@verify_qstash
def ship(request):
    return HttpResponse("shipped")

@verify_qstash
def slow(request):
    threading.Event().wait(5)
    return HttpResponse("late")

@verify_qstash
def refund(request):
    raise NonRetryable("no such order")

def front(request):
    return HttpResponse("shop")

urlpatterns = [
    path("", front),
    path("hooks/ship", ship),
    path("hooks/slow", slow),
    path("hooks/refund", refund),
    path("qstash/", include("qstash_integrations.django.urls")),
]
app = get_wsgi_application()
{more}
"""
AIOHTTP = """
import asyncio, os
from aiohttp import web
from qstash_integrations import NonRetryable
from qstash_integrations.aiohttp import add_probe, verify_qstash

@verify_qstash({options})
async def ship(request):
    return web.Response(text="shipped")

@verify_qstash({options})
async def slow(request):
    await asyncio.sleep(5)
    return web.Response(text="late")

@verify_qstash({options})
async def refund(request):
    raise NonRetryable("no such order")

async def front(request):
    return web.Response(text="shop")

MIDDLEWARES = []
{ahead}
app = web.Application(middlewares=MIDDLEWARES)
app.router.add_get("/", front)
app.router.add_post("/hooks/ship", ship)
app.router.add_post("/hooks/slow", slow)
app.router.add_post("/hooks/refund", refund)
add_probe(app, {options})
{more}
"""
SHOPS = {"flask": FLASK, "starlette": STARLETTE, "fastapi": FASTAPI, "django": DJANGO, "aiohttp": AIOHTTP}
FRAMEWORKS = ("flask", "starlette", "fastapi", "django")


class Change(NamedTuple):
    options: str = ""
    ahead: str = ""
    more: str = ""
    is_bare: bool = False
    """It has no route of its own, and only publishes."""


BARE = {
    "flask": "from flask import Flask\nfrom qstash_integrations.flask import QStash\n"
    "app = Flask(__name__)\nQStash(app)\n",
    "starlette": "from starlette.applications import Starlette\nfrom qstash_integrations.starlette import QStash\n"
    "app = Starlette()\nQStash(app)\n",
    "fastapi": "from fastapi import FastAPI\nfrom qstash_integrations.fastapi import QStash\n"
    "app = FastAPI()\nQStash(app)\n",
    "aiohttp": "from aiohttp import web\nfrom qstash_integrations.aiohttp import add_probe\n"
    "app = web.Application()\nadd_probe(app)\n",
}


def shop(framework: str, change: Change) -> str:
    code = SHOPS[framework]
    if change.is_bare and framework in BARE:
        return BARE[framework]
    if framework == "django":
        # Middleware has to be known before the settings are.
        code = f"APPS, MIDDLEWARE = [], []\n{change.ahead}\n{code}"
    if change.is_bare:
        code = code.replace("@verify_qstash\n", "")
    for name in ("options", "ahead", "more"):
        code = code.replace(f"{{{name}}}", getattr(change, name))
    # Of a change to come the options are the app's.
    return code.replace("{options}", change.options)
