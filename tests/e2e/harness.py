"""For end-to-end tests in Python, which import it first.  Not a test itself.

From make check: SRCDIR, BUILDDIR, PFETCH, PFETCH_SANDBOX.  A test calls check() for each thing it
shows and ends with finish().  Whatever it starts and writes is gone when it ends, however that is.

A test states what must happen and never how fast: every wait has a limit that only a hang reaches.
"""
import atexit
import collections
import hashlib
import base64
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from urllib.parse import quote, unquote_to_bytes, urlsplit

PFETCH = os.environ["PFETCH"]
PFETCH_SANDBOX = os.environ["PFETCH_SANDBOX"]
SRCDIR = os.environ["SRCDIR"]
BUILDDIR = os.environ["BUILDDIR"]
URLS = os.path.join(SRCDIR, "examples/urls.txt")
HANG_S = 60  # whatever takes longer hangs

# Nothing of the user's own settings, and one character set for all.
for _name in list(os.environ):
    if _name in ("PROXIESAPI_KEY", "PFETCH_KEY", "PFETCH_ENDPOINT") or _name.startswith("LC_"):
        del os.environ[_name]
os.environ["LC_ALL"] = "C.UTF-8"

work = tempfile.mkdtemp(prefix="pfetch-e2e-")
os.environ["XDG_STATE_HOME"] = os.path.join(work, "state")
_started = []
_passed = _failed = _skipped = 0


def _clean_up():
    for process in _started:
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(work, ignore_errors=True)


atexit.register(_clean_up)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def path(name):
    """A path in the test's own directory."""
    return os.path.join(work, name)


def write(name, content):
    """A file there; gives its path."""
    with open(path(name), "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path(name)


def read(name):
    with open(path(name), "rb") as f:
        return f.read()


# ---------------------------------------------------------------- what is shown --

def check(what, passed, detail=""):
    """One test; gives whether it passed.  `detail` is shown where it did not."""
    global _passed, _failed
    if passed:
        _passed += 1
        print(f"ok: {what}", flush=True)
    else:
        _failed += 1
        print(f"FAILED: {what}", flush=True)
        if detail != "":
            print(f"    {detail!r:.2000}", flush=True)
    return bool(passed)


def equal(what, got, wanted):
    return check(what, got == wanted, {"got": got, "wanted": wanted})


def skip(what):
    """A part that cannot run here."""
    global _skipped
    _skipped += 1
    print(f"skipped: {what}", flush=True)


def skip_all(why):
    print(f"skipped: {why}")
    sys.exit(77)


def need(*programs):
    """Skips the whole test where one of them is missing."""
    for program in programs:
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            skip_all(f"{program} is not installed")


def finish():
    print(f"{_passed} passed, {_failed} failed, {_skipped} skipped")
    sys.exit(1 if _failed else 0)


# ---------------------------------------------------------------- running pfetch --

Run = collections.namedtuple("Run", "code out err")


def look_for_reports(err):
    """A sanitizer's report is a failure whatever the test was about."""
    if b"Sanitizer" in err or b"runtime error:" in err:
        check("no report of a sanitizer", False, err[-4000:])


def environment(changes):
    env = dict(os.environ)
    for name, value in (changes or {}).items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def start(*args, program=PFETCH, env=None, **more):
    """Starts pfetch; all three streams are pipes unless `more` says otherwise."""
    for stream in ("stdin", "stdout", "stderr"):
        more.setdefault(stream, subprocess.PIPE)
    process = subprocess.Popen([program, *args], env=environment(env), cwd=more.pop("cwd", work),
                               **more)
    _started.append(process)
    return process


def end(process, given=None):
    """Waits for it; gives its Run."""
    try:
        out, err = process.communicate(given, timeout=HANG_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        check("it ends", False, (process.args, out[-500:], err[-500:]))
    look_for_reports(err or b"")
    return Run(process.returncode, out, err)


def run(*args, given=b"", **more):
    """Runs pfetch with `given` on its standard input."""
    return end(start(*args, **more), given)


def records(data):
    """The records of JSONL: strict UTF-8, whole lines, each one JSON object."""
    assert data == b"" or data.endswith(b"\n"), data[-100:]
    return [json.loads(line) for line in data.decode("utf-8").split("\n")[:-1]]


def body_of(record):
    """The bytes of a record's page; its length and digest, if it has them, are checked here."""
    if "body" in record:
        body = record["body"].encode()
    else:
        body = base64.b64decode(record["body_base64"], validate=True)
    assert len(body) == record["bytes"], record["url"]
    assert hashlib.sha256(body).hexdigest() == record["sha256"], record["url"]
    return body


def summary_of(name):
    return json.loads(read(name))


def wait_until(what, condition, process=None):
    """Waits until condition() is true; False, and a failed test, where that never happens.  With
    `process` it cannot happen any more once that has ended."""
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        ended = process and process.poll() is not None
        if condition():
            return True
        if ended:
            break
        time.sleep(0.02)
    return check(what, False, "it never happened")


# ---------------------------------------------------------------- endpoints --

class Sandbox:
    """pfetch-sandbox on a free port, as a context.  `args` select it in a call of pfetch."""

    def __init__(self, spec=""):
        self.process = start("--listen", "127.0.0.1:0", "--max-time", "600", spec,
                             program=PFETCH_SANDBOX)
        line = self.process.stdout.readline().decode()
        assert " listening on " in line, line
        self.endpoint = line.split()[-1]
        self.args = ("-e", self.endpoint, "--key", "demo")

    def get(self, target):
        """What stands under a path of it, fetched without pfetch."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=HANG_S)
        try:
            connection.request("GET", target)
            return connection.getresponse().read()
        finally:
            connection.close()

    def stats(self):
        return json.loads(self.get("/__stats"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        end(self.process)
        if self.process.returncode != 0:
            check("the sandbox ends well", False, self.process.returncode)


class Endpoint:
    """A server of the test's own, as a context, which keeps what it was asked.

    `answer(request)` gives (status, header fields, body); the default is a small page.
    A request has `target` (as sent), `headers`, `params` (name: bytes, decoded once) and `url`.
    """

    def __init__(self, answer=None):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                request = _request(self.path, self.headers)
                outer.requests.append(request)
                status, fields, body = (answer or _small_page)(request)
                self.send_response(status)
                for name, value in fields:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):  # a client may go away
                if not isinstance(sys.exc_info()[1], OSError):
                    traceback.print_exc()

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.endpoint = f"http://127.0.0.1:{self.port}/"
        self.args = ("-e", self.endpoint, "--key", "demo")
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


Request = collections.namedtuple("Request", "target headers params url")


def _request(target, headers):
    params = {}
    for part in target.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        params[name] = unquote_to_bytes(value)
    return Request(target, headers, params, params.get("url"))


def _small_page(request):
    return 200, [("Content-Type", "text/html")], b"<p>" + (request.url or b"") + b"</p>\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
