"""Counts the bytes on the wire: a TCP proxy that keeps the bytes of both directions."""

import contextlib
import socket
import threading
from types import TracebackType


class CountingProxy:
    """Listens on a free port of 127.0.0.1 and passes everything on to `port` there.

    A context manager. `sent` is what went to the target since `reset`, `received` what came back,
    HTTP headers included.
    """

    def __init__(self, port: int):
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.sent = bytearray()
        self.received = bytearray()

    def __enter__(self) -> "CountingProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for each in (self._listener, *self._sockets):
            # This wakes the thread that waits in it; closing alone does not.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def reset(self) -> None:
        """Begin to count anew."""
        self.sent.clear()
        self.received.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._sockets += [near, far]
            for source, sink, kept in ((near, far, self.sent), (far, near, self.received)):
                threading.Thread(target=_pump, args=(source, sink, kept), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    try:
        while data := source.recv(65_536):
            kept += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
