"""Faults that were thought of and planted when the rules stood; README.md says what the rules made of them then."""

from tests.doctor.faults import PASS, Fault, location

LATER: dict[str, Fault] = {
    "the proxy takes GET alone": Fault(
        finding="Q403", remedy="let POST", nginx=location("limit_except GET { deny all; } proxy_pass APP;")
    ),
    "the proxy makes GETs of POSTs": Fault(
        finding="Q415", remedy="let POST through", nginx=location("proxy_method GET; proxy_pass APP;")
    ),
    "the proxy asks for a password": Fault(
        finding="Q411", remedy="exempt verified paths",
        nginx=location("auth_basic shop; auth_basic_user_file /dev/null; proxy_pass APP;"),
    ),
    "the proxy asks for a certificate": Fault(
        finding="Q405", remedy="let what is signed pass",
        nginx="ssl_verify_client on; ssl_client_certificate CERT; " + PASS
    ),
    "the proxy lets few requests pass": Fault(
        finding="Q405", remedy="let what is signed pass",
        nginx="limit_req_zone $server_addr zone=all:1m rate=1r/m; limit_req_status 429; --- "
        + location("limit_req zone=all; proxy_pass APP;"),
    ),
    "the proxy adds a query": Fault(
        finding="Q133", remedy="set QSTASH_PUBLIC_URL",
        nginx=location("rewrite ^(.*)$ $1?from=proxy break; proxy_pass APP;")
    ),
    "the proxy loses queries": Fault(
        finding="Q414", remedy="read the app's log", nginx="map $request_uri $bare { ~^(?<before>[^?]*) $before; } --- "
        "location / { proxy_pass APP$bare; }",
        before=lambda rig: rig.publish("/hooks/ship?order=3", status=401),
    ),
    "the signature is changed": Fault(
        finding="Q401", remedy="let Upstash-Signature",
        nginx=location('proxy_pass APP; proxy_set_header Upstash-Signature "$http_upstash_signature, x";'),
    ),
    "the certificate is for another name": Fault(
        finding="Q408", remedy="for this name", doctor={"QSTASH_PUBLIC_URL": "https://127.0.0.1:{port}"}
    ),
    "a key of the app's alone is cut": Fault(
        finding="Q410", remedy="read its log", app={"QSTASH_CURRENT_SIGNING_KEY": "sig_7kYjw48"}, starts=False,
        frameworks=("flask", "starlette", "fastapi"),
    ),
    # Django starts without keys, and refuses.
    "a key of the app's alone is cut, in Django": Fault(
        finding="Q308", remedy="read the app's log", app={"QSTASH_CURRENT_SIGNING_KEY": "sig_7kYjw48"},
        frameworks=("django",),
    ),
    "the proxy does not know the route": Fault(
        finding="Q404", remedy="mount it there", nginx=PASS + " location /hooks/ { return 404; }",
        before=lambda rig: rig.publish("/hooks/ship", status=404),
    ),
    "a page that says 'back soon', with 200": Fault(
        finding="", remedy="", nginx=PASS + " location /hooks/ { return 200 'back soon'; }",
        before=lambda rig: rig.publish("/hooks/ship", status=200),
    ),
}  # fmt: skip
