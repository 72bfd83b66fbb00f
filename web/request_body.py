"""The body of a request, which the server requests from its caller only when it is read."""

from collections.abc import Callable
from typing import Any

from gunicorn.http import body


class RequestBody(body.Body):
    """gunicorn's body, except that `100 Continue` is sent at the first read: a caller who is
    refused before that need not send the upload.
    """

    def __init__(self, reader: Any, go_on: Callable[[], object] | None):
        super().__init__(reader)
        self._go_on = go_on

    def _read_reader(self, size: int) -> bytes:
        go_on, self._go_on = self._go_on, None
        if go_on:
            go_on()
        data: bytes = super()._read_reader(size)
        return data

    @property
    def unread(self) -> bool:
        """Whether part of it has not been received."""
        if self.failed:
            return True
        if isinstance(self.reader, body.LengthReader):
            return bool(self.reader.length > 0)
        return isinstance(self.reader, body.ChunkedReader) and self.reader.parser is not None
