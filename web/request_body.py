"""The body of a request, which asks its caller for more only when it is read."""

from collections.abc import Callable
from typing import Any

from gunicorn.http import body


class RequestBody(body.Body):
    """gunicorn's, except that a caller who waits for `100 Continue` gets it at the first read: one
    that is refused before keeps its upload.
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
        """Whether some of it is still to come."""
        if self.failed:
            return True
        if isinstance(self.reader, body.LengthReader):
            return bool(self.reader.length > 0)
        return isinstance(self.reader, body.ChunkedReader) and self.reader.parser is not None
