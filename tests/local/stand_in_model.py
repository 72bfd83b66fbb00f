"""A small HTTP server in a model server's place: it answers with its name, after a moment.

    python stand_in_model.py PORT NAME

Told to stop, it answers what it has and takes no more, as the model server does.
"""

import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    # So that closing it waits for every answer.
    daemon_threads = False


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._reply("{}")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.02)
        self._reply(f"{sys.argv[2]} {os.getpid()}")

    def _reply(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        stop = threading.Thread(target=server.shutdown)
        signal.signal(signal.SIGTERM, lambda *_: stop.start())
        server.serve_forever(0.02)
