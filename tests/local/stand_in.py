"""A small HTTP program for the supervisor to run, in place of the model server and the client.

    python stand_in.py PORT [stubborn]

GET / answers 200, and prints the path; /exit/N ends it with code N; /child starts a grandchild and
answers with its process id. With `stubborn` it ignores SIGTERM.
"""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print(f"asked for {self.path}", flush=True)
        if self.path.startswith("/exit/"):
            os._exit(int(self.path.rpartition("/")[2]))
        body = str(os.getpid())
        if self.path == "/child":
            sleeper = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
            body = str(subprocess.Popen(sleeper).pid)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
