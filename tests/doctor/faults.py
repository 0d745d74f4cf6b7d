"""Faults, each with the finding that has to come first and words of the remedy that stands beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.doctor.rig import CURRENT, NEXT, OTHER_CURRENT, OTHER_NEXT, Rig, keys
from tests.doctor.shops import FRAMEWORKS, Change

PASS = "location / { proxy_pass APP; }"
FIVE = (*FRAMEWORKS, "aiohttp")
OTHERS = keys(OTHER_CURRENT, OTHER_NEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    finding: str
    remedy: str
    nginx: str = PASS
    """Its server; before a ``---`` what stands around it."""
    app: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is different in the app's environment; empty for what is missing."""
    doctor: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is different in the doctor's; empty for what is missing."""
    second: Mapping[str, str] | None = None
    """Of another instance of the app."""
    change: Mapping[str, Change] = field(default_factory=dict[str, Change])
    """Of the app's code."""
    before: Callable[[Rig], object] | None = None
    """What has happened by the time that somebody asks the doctor."""
    starts: bool = True
    """The app does."""
    path: str = ""
    """Of the public URL."""
    arguments: Sequence[str] = ()
    frameworks: Sequence[str] = FRAMEWORKS


def location(text: str) -> str:
    return f"location / {{ {text} }}"


def each(change: Change) -> dict[str, Change]:
    return dict.fromkeys(FIVE, change)


_TAKEN = {
    "flask": Change(ahead="@app.before_request\ndef read():\n    request.environ['wsgi.input'].read()\n"),
    "django": Change(
        ahead="class Read:\n    def __init__(self, answer):\n        self.answer = answer\n"
        "    def __call__(self, request):\n        request.META['wsgi.input'].read()\n"
        "        return self.answer(request)\nMIDDLEWARE = [__name__ + '.Read']\n"
    ),
    "aiohttp": Change(
        ahead="@web.middleware\nasync def read(request, handler):\n    await request.content.read()\n"
        "    return await handler(request)\nMIDDLEWARES = [read]\n"
    ),
} | dict.fromkeys(
    ("starlette", "fastapi"),
    Change(
        more="class Read:\n    def __init__(self, app):\n        self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n        if scope['type'] == 'http':\n"
        "            while (await receive()).get('more_body'):\n                pass\n"
        "        await self.app(scope, receive, send)\napp.add_middleware(Read)\n"
    ),
)
_REDIS = (
    "once=__import__('qstash_integrations.once', fromlist=['x']).RedisStore("
    "__import__('redis').Redis(port=9, retry=None))"
)
_STORES = each(Change(options=_REDIS)) | {"django": Change(options=_REDIS.replace("once=", "ONCE="))}
_LOGIN = Change(
    ahead="from functools import wraps\nAPPS = ['django.contrib.contenttypes', 'django.contrib.auth']\n"
    "MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware',"
    " 'django.contrib.auth.middleware.AuthenticationMiddleware',"
    " 'django.contrib.auth.middleware.LoginRequiredMiddleware']\n",
    more="def audited(view):\n    @wraps(view)\n    def inner(request):\n        return view(request)\n"
    "    inner.login_required = True\n    return inner\n"
    "urlpatterns.insert(0, path('hooks/invoice', audited(ship)))\n",
)
_LOOSE = "urlpatterns.insert(0, path('hooks/loose', verify_qstash(verify_url=False)(front)))\n"
_ABOVE = {
    "flask": Change(more="@verify_qstash\n@app.post('/hooks/invoice')\ndef invoice():\n    return 'sent'\n"),
    "fastapi": Change(
        more="from qstash_integrations.starlette import verify_qstash\n"
        "@verify_qstash\n@app.post('/hooks/invoice')\nasync def invoice(request):\n    return 'sent'\n"
    ),
    "aiohttp": Change(
        more="table = web.RouteTableDef()\n@verify_qstash({options})\n@table.post('/hooks/invoice')\n"
        "async def invoice(request):\n    return web.Response()\napp.add_routes(table)\n"
    ),
}


def _paused(rig: Rig) -> None:
    rig.qstash.queue.upsert("orders", paused=True)
    rig.qstash.enqueue_json(queue="orders", url=f"{rig.base}/hooks/ship", body={})


FAULTS: dict[str, Fault] = {
    "other keys than the account's": Fault(finding="Q301", remedy="the token's account", app=OTHERS, doctor=OTHERS),
    "keys exchanged": Fault(
        finding="Q302", remedy="exchange QSTASH_CURRENT", app=keys(NEXT, CURRENT), doctor=keys(NEXT, CURRENT)
    ),
    "keys rotated": Fault(
        finding="Q303", remedy="copy both", app=keys(OTHER_CURRENT, CURRENT), doctor=keys(OTHER_CURRENT, CURRENT)
    ),
    "the app has other keys": Fault(finding="Q306", remedy="restart the app", app=OTHERS, frameworks=FIVE),
    "one instance has other keys": Fault(
        finding="Q307", remedy="restart all", second=OTHERS,
        nginx="upstream both { server FIRST; server SECOND; } --- location / { proxy_pass http://both; }",
    ),
    "the app lacks its keys": Fault(finding="Q410", remedy="read its log", app=keys("", ""), starts=False,
        frameworks=("flask", "starlette", "fastapi"),
    ),
    "an app that only publishes": Fault(
        finding="Q308", remedy="the app's log", app={**keys("", ""), "QSTASH_PUBLIC_URL": ""},
        change=each(Change(is_bare=True)),
    ),
    "another app": Fault(finding="Q305", remedy="settings of that app", app={**OTHERS, "QSTASH_TOKEN": "other-token"}),
    "the token is wrong": Fault(finding="Q300", remedy="copy QSTASH_TOKEN", doctor={"QSTASH_TOKEN": "another-token"}),
    "no API": Fault(finding="Q304", remedy="set QSTASH_URL to the API", doctor={"QSTASH_URL": "{app}"}),
    "no QStash": Fault(finding="Q309", remedy="see QSTASH_URL", doctor={"QSTASH_URL": "http://127.0.0.1:9"}),
    "the app expects another URL": Fault(
        finding="Q133", remedy="set QSTASH_PUBLIC_URL", app={"QSTASH_PUBLIC_URL": "https://other.example"}
    ),
    "prefix stripped by the proxy": Fault(
        finding="Q133", remedy="set QSTASH_PUBLIC_URL to {base}/api", nginx="location /api/ { proxy_pass APP/; }",
        before=lambda rig: rig.publish("/api/hooks/ship", status=401),
    ),
    "https is elsewhere": Fault(
        finding="Q133", remedy="set QSTASH_PUBLIC_URL to https://www.example.com",
        nginx=location("return 308 https://www.example.com$request_uri;"),
    ),
    "wildcards in the log": Fault(
        finding="Q133", remedy="set QSTASH_PUBLIC_URL to {base}", app={"QSTASH_PUBLIC_URL": "https://*.example.com"},
        doctor={"QSTASH_PUBLIC_URL": "https://*.example.com"},
        before=lambda rig: rig.publish("/hooks/ship", status=401),
    ),
    "the signature is removed": Fault(
        frameworks=FIVE,
        finding="Q401", remedy="let Upstash-Signature",
        nginx=location("proxy_pass APP; proxy_set_header Upstash-Signature '';"),
    ),
    "the path is decoded": Fault(finding="Q431", remedy="raw path", nginx=location("proxy_pass APP/;")),
    "bodies are rewritten": Fault(
        frameworks=FIVE,
        finding="Q440", remedy="exempt the path",
        nginx="map $request_body $changed { '' ''; default ' $request_body'; } --- "
        "location / { proxy_pass APP; proxy_set_body $changed; }",
    ),
    "bodies are limited": Fault(
        finding="Q413", remedy="raise the limit", nginx=location("proxy_pass APP; client_max_body_size 10k;")
    ),
    "a body was refused": Fault(
        finding="Q413", remedy="raise the limit", nginx=location("proxy_pass APP; client_max_body_size 10k;"),
        before=lambda rig: rig.publish("/hooks/ship", status=413, body="x" * 20_000),
    ),
    "redirected to a login": Fault(
        finding="Q402", remedy="exempt the path", nginx=location("return 302 https://login.example/login;")
    ),
    "a route is redirected": Fault(
        finding="Q402", remedy="publish to the Location",
        nginx=PASS + " location = /hooks/ship { return 301 /hooks/ship/; }",
        before=lambda rig: rig.publish("/hooks/ship", status=301),
    ),
    "forbidden": Fault(finding="Q403", remedy="let POST", nginx=location("return 403;")),
    "a view that is not verified": Fault(
        finding="Q403", remedy="verify the view",
        change={"django": Change(more="urlpatterns.insert(0, path('hooks/invoice', front))\n")},
        before=lambda rig: rig.publish("/hooks/invoice", status=403), frameworks=("django",),
    ),
    "not there": Fault(finding="Q404", remedy="mount the app", nginx=location("return 404;")),
    "no such route": Fault(
        finding="Q404", remedy="mount it there", before=lambda rig: rig.publish("/hooks/gone", status=404)
    ),
    "prefix kept by the proxy": Fault(finding="Q404", remedy="mount the app", path="/api"),
    "another app has the path": Fault(finding="Q406", remedy="choose a free path", nginx=location("return 200;")),
    "no address": Fault(
        finding="Q407", remedy="fix the DNS", doctor={"QSTASH_PUBLIC_URL": "https://nobody.invalid"}
    ),
    "a certificate of nobody": Fault(finding="Q408", remedy="renew the certificate", doctor={"SSL_CERT_FILE": ""}),
    "nobody listens": Fault(
        finding="Q409", remedy="start the app", doctor={"QSTASH_PUBLIC_URL": "https://localhost:9"}
    ),
    "the app is down": Fault(finding="Q410", remedy="behind the proxy", nginx=location("proxy_pass http://127.0.0.1:9;")),
    "a login of the proxy": Fault(finding="Q411", remedy="exempt verified paths", nginx=location("return 401;")),
    "an error page of the proxy": Fault(
        finding="Q411", remedy="read the app's log", app=OTHERS,
        nginx="error_page 401 /401; location = /401 { internal; return 401; } "
        "location / { proxy_pass APP; proxy_intercept_errors on; }",
    ),
    "a verdict that gets lost": Fault(
        finding="Q412", remedy="read the app's log", app=OTHERS,
        nginx=location("proxy_pass APP; proxy_hide_header Qstash-Verdict;"),
    ),
    "a clock that is ahead": Fault(finding="Q420", remedy="run NTP", app={"CLOCK_OF_A_TEST": "607"}),
    "a clock that is behind": Fault(finding="Q420", remedy="run NTP", app={"CLOCK_OF_A_TEST": "-607"}),
    "a body that is read ahead": Fault(finding="Q441", remedy="verify before", change=_TAKEN, frameworks=FIVE),
    "a firewall for the user agent": Fault(
        finding="Q450", remedy="allow QStash's", arguments=["--probe"],
        nginx=location("if ($http_user_agent ~* upstash) { return 403; } proxy_pass APP;"),
    ),
    "a time-out of the proxy": Fault(
        finding="Q501", remedy="raise the time-out", nginx=location("proxy_pass APP; proxy_read_timeout 1s;"),
        before=lambda rig: rig.publish("/hooks/slow", status=504),
    ),
    "a handler that gave up": Fault(
        finding="Q502", remedy="read the text", before=lambda rig: rig.publish("/hooks/refund", status=489)
    ),
    "a store that is down": Fault(finding="Q503", remedy="start the store", change=_STORES, frameworks=FIVE),
    "a queue that is paused": Fault(finding="Q601", remedy="resume the queue", before=_paused),
    "flow control that never lets go": Fault(
        finding="Q602", remedy="resume the key",
        before=lambda rig: [
            rig.qstash.publish_json(
                url=f"{rig.base}/hooks/ship", body={},
                flow_control={"key": "orders", "rate": 1, "period": 86_400},
            )
            for _ in range(3)
        ],
    ),
    "a schedule to an old URL": Fault(
        finding="Q603", remedy="schedules sync",
        before=lambda rig: rig.qstash.schedule.create(destination=f"{rig.base}/hooks/old", cron="0 0 1 1 *"),
    ),
    "a message to an old URL": Fault(
        finding="Q604", remedy="cancel them", before=lambda rig: rig.publish("/hooks/old", status=404, retries=3)
    ),
    "verified after it was registered": Fault(
        finding="Q201", remedy="below the decorator", change=_ABOVE,
        frameworks=("flask", "fastapi", "aiohttp"), starts=False,
    ),
    "a login in front of a view": Fault(
        finding="Q203", remedy="login_not_required", change={"django": _LOGIN}, frameworks=("django",)
    ),
    "any URL is taken": Fault(
        finding="Q204", remedy="leave verify_url out",
        change=each(Change(options="verify_url=False")) | {"django": Change(more=_LOOSE)},
    ),
}  # fmt: skip
