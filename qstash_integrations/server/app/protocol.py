"""HTTP as uvicorn speaks it with ``httptools``, and two things that it leaves to whoever stands in front of it.

There is nobody in front: a head without end is cut off here, and the target of a request, which holds a destination,
stays byte for byte as it came.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A server that knows what it was asked refuses less than this with a better word.
MAX_HEAD = 64 * 1024


class Protocol(HttpToolsProtocol):
    _in_head = False
    _head = 0  # bytes of a head that has not ended yet, without those that it began with

    def data_received(self, data: bytes) -> None:
        goes_on = self._in_head
        super().data_received(data)
        if goes_on and self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        self.scope["raw_path"], _, self.scope["query_string"] = self.url.partition(b"?")
