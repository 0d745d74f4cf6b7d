"""Routes of aiohttp: handlers, classes, middlewares, apps in an app."""

from aiohttp import web

from qstash_integrations.aiohttp import qstash_middleware, verify_qstash
from qstash_integrations.routes.aiohttp import routes_of
from tests.routes.shown import lines


async def handler(request: web.Request) -> web.Response:
    return web.Response()


@verify_qstash
class Things(web.View):
    async def post(self) -> web.Response:
        return web.Response()


def test_verified_handlers_are_told_from_open_ones() -> None:
    app = web.Application()
    app.router.add_get("/", handler)
    app.router.add_post("/hooks/{n}", verify_qstash(handler))
    app.router.add_view("/things", Things)
    found = routes_of(app)
    assert lines(found) == ["GET / open", "POST /hooks/{n} endpoint", "any /things endpoint"]
    assert found[1].urls == ("https://api.example.com/hooks/{n}",)


def test_a_middleware_verifies_its_app_and_those_in_it() -> None:
    outer, inner, beside = web.Application(), web.Application(middlewares=[qstash_middleware()]), web.Application()
    for app in (inner, beside):
        app.router.add_post("/ship", handler)
    deeper = web.Application()
    deeper.router.add_post("/ship", handler)
    inner.add_subapp("/deeper", deeper)
    outer.add_subapp("/in", inner)
    outer.add_subapp("/out", beside)
    assert lines(routes_of(outer)) == [
        "POST /in/ship middleware",
        "POST /in/deeper/ship middleware",
        "POST /out/ship open",
    ]
