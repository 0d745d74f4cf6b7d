"""HTTP as uvicorn speaks it with ``httptools``, and what that leaves to whoever stands in front of it.

There is nobody in front: heads and trailers without end are cut off here, trailers are no headers, and the target of a
request, which holds a destination, stays byte for byte as it came.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A server that knows what it was asked refuses less than this with a better word.
MAX_HEAD = 64 * 1024


class Protocol(HttpToolsProtocol):
    _in_head = False
    _gets_on = False  # with what came last a request began, or some of its body came, or its end
    _beside = 0  # bytes since then

    def data_received(self, data: bytes) -> None:
        self._gets_on = False
        super().data_received(data)
        self._beside = 0 if self._gets_on else self._beside + len(data)
        if self._beside > MAX_HEAD and not self.transport.is_closing():
            if self._in_head:
                self.send_400_response("The head of the request is too large.")
            else:
                self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head = self._gets_on = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes behind a body was not there when the head was looked at.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        self.scope["raw_path"], _, self.scope["query_string"] = self.url.partition(b"?")

    def on_body(self, body: bytes) -> None:
        self._gets_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._gets_on = True
        super().on_message_complete()
