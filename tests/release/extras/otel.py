"""Extra ``otel``: with the API and a provider of the app's own, a message carries the context of its span."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry import trace

from qstash_integrations import QStash

CONTEXT = trace.SpanContext(0xA1, 0xB2, is_remote=False, trace_flags=trace.TraceFlags(1))
seen: list[str | None] = []


class Tracer(trace.NoOpTracer):
    def start_span(self, *arguments: object, **more: object) -> trace.Span:
        return trace.NonRecordingSpan(CONTEXT)


class Provider(trace.TracerProvider):
    def get_tracer(self, *arguments: object, **more: object) -> trace.Tracer:
        return Tracer()


class Api(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        seen.append(self.headers["Upstash-Forward-traceparent"])
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"messageId": "msg_1"}')


trace.set_tracer_provider(Provider())
with HTTPServer(("127.0.0.1", 0), Api) as api:
    threading.Thread(target=api.serve_forever, daemon=True).start()
    with QStash(base_url=f"http://127.0.0.1:{api.server_port}") as client:
        client.publish_json(url="https://shop.example/ship", body={"id": 3})
    api.shutdown()
assert seen == [f"00-{0xA1:032x}-{0xB2:016x}-01"], seen
