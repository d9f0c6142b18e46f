"""What a terminal gets: the bar, in its width, and no control character from anybody else.

pfetch runs on a pseudo-terminal of a given width; everything that arrives there is looked at.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

try:
    import fcntl
    import pty
    import struct
    import termios
except ImportError as error:
    skip_all(f"no pseudo-terminals: {error}")

CLEAR = b"\r\x1b[K"
ESCAPES = "\x1b]0;title\x07\x1b[31mred\x1b[0m\b\b\x7f\x9b2J\u202eback\u200b\u2028\x00"


class Terminal:
    """A pseudo-terminal of so many columns; `seen` is all that was written to it."""

    def __init__(self, columns):
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.seen = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                piece = os.read(self.ours, 65536)
            except OSError:  # Linux says EIO once the last other end is closed
                return
            if not piece:
                return
            self.seen += piece

    def close(self):
        """All of `seen`, once nobody has the terminal any more."""
        os.close(self.theirs)
        self.reader.join(HANG_S)
        os.close(self.ours)
        return self.seen


def on_terminal(*args, columns=80, given=b"", stdout=False, env=None, wait_for=None):
    """Runs pfetch with standard error (and output) on a terminal: exit status, what it showed,
    what it wrote elsewhere."""
    terminal = Terminal(columns)
    with open(path("out"), "wb") as out:
        process = start(*args, stderr=terminal.theirs, stdout=terminal.theirs if stdout else out,
                        env={"TERM": "xterm", **(env or {})})
    process.stdin.write(given)
    process.stdin.flush()
    if wait_for:
        wait_until("the terminal shows it", lambda: wait_for(terminal.seen), process)
    code = end(process).code
    seen = terminal.close()
    look_for_reports(seen)
    return code, seen, read("out")


def foreign(seen):
    """What of it no progress bar, no line of text and no letter accounts for."""
    text = seen.replace(CLEAR, b"").replace(b"\r\n", b"").decode("utf-8", "replace")
    return sorted({c for c in text if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or
                   c in "\u200b\u200e\u200f\u2028\u2029\u202a\u202d\u202e\u2066\ufeff\ufffd"})


def bars(seen):
    """Each state of the bar."""
    return [part.partition(b"\r\n")[0].decode() for part in seen.split(CLEAR)[1:]
            if b"\r\n" not in part]


# ---------------------------------------------------------------- the bar --

def widths():
    """The list stays open, so the bar is drawn for as long as it takes."""
    for columns in (20, 33, 60, 80, 132, 200):
        code, seen, out = on_terminal(
            "--sandbox", "-c", "20", "-i", "-", columns=columns, given=read(URLS),
            wait_for=lambda seen: any("1,000" in bar.split("  ")[0] for bar in bars(seen)))
        shown = bars(seen)
        equal(f"{columns} columns: exit 0", code, 0)
        check(f"{columns} columns: the bar shows pages", any("pages" in b for b in shown), shown)
        check(f"{columns} columns: and fits", max(map(len, shown)) < columns,
              max(shown, key=len))
        equal(f"{columns} columns: nothing but the bar controls it", foreign(seen), [])
        check(f"{columns} columns: it is wiped in the end",
              seen.rpartition(CLEAR)[2].startswith(b"pfetch"), seen[-300:])
        equal(f"{columns} columns: the records are whole", len(records(out)), 1000)
    write("list", read(URLS))
    code, seen, _ = on_terminal("--sandbox=latency=50ms", "-c", "20", "-i", "list",
                                columns=120)
    shown = bars(seen)
    check("where the list's length is known", any("/1,000" in b for b in shown), shown[:3])
    check("the bar says how long it takes", any("ETA " in b for b in shown), shown)
    check("and draws it", any("[" in b and ">" in b for b in shown), shown)
    check("with what was asked for", any("/s" in b and "in flight" in b and "ok " in b and
                                         "failed " in b and "retried " in b and "iB" in b
                                         for b in shown), shown)


def without_a_bar():
    for what, args, env in (("--progress none", ("--progress", "none"), {}),
                            ("--progress plain", ("--progress", "plain"), {}),
                            ("-q", ("-q",), {}), ("a dumb terminal", (), {"TERM": "dumb"}),
                            ("no TERM", (), {"TERM": None})):
        code, seen, _ = on_terminal("--sandbox", *args, "https://example.com/", env=env)
        equal(f"{what}: no bar", (code, CLEAR in seen, foreign(seen)), (0, False, []))
    done = run("--sandbox", "--progress", "bar", *["https://example.com/"] * 3)
    equal("no terminal: no bar even if asked for", (done.code, b"\x1b" in done.err), (0, False))
    done = run("--sandbox=latency=500ms", "--progress", "json", "-c", "1",
               *["https://example.com/"] * 4)
    lines = records(done.err)
    equal("--progress json: only JSON, the summary last", (lines[-1]["type"], done.code),
          ("summary", 0))


# ---------------------------------------------------------------- what others say --

def hostile_list():
    urls = [f"https://example.com/{ESCAPES}", ESCAPES, f"{ESCAPES}://x", "https://example.com/ok",
            "https://example.com/\u009b31m\u202e", "https://example.com/\u2028?sandbox=error"]
    lines = "".join(u + "\n" for u in urls).encode() + b"https://example.com/\xff\x9b31m\n" + \
        json.dumps({"url": f"https://example.com/{ESCAPES}", "id": ESCAPES}).encode() + b"\n" + \
        b'{"url": "https://example.com/", "\x1b[31m": \x1b}\n'
    name = "list\x1b[31m\x07\u202e"
    write(name, lines)
    for more in ((), ("-vv",), ("--format", "body"), ("--progress", "plain"),
                 ("--progress", "json")):
        code, seen, _ = on_terminal("--sandbox", "--retries", "0", *more, "-i", name)
        equal(f"hostile URLs {more}: exit 1", code, 1)
        equal(f"hostile URLs {more}: none controls the terminal", foreign(seen), [])
    code, seen, _ = on_terminal("--sandbox", "-i", name, "--retries", "0", stdout=True)
    equal("records on the terminal: nothing controls it", (code, foreign(seen)), (1, []))
    log = read("log") if run("--sandbox", "-i", name, "--retries", "0", "-vv", "--log-file",
                             path("log")) else b""
    equal("nor does the log file, shown later", foreign(log.replace(b"\n", b"\r\n")), [])
    check("which tells of them", b"bad_url" in log, log[-500:])


def hostile_arguments():
    bad = ESCAPES.replace("\x00", "")
    for args in ((f"--{bad}",), (f"-{bad}",), ("-c", bad, "https://example.com/"),
                 ("-i", bad), ("-o", f"{bad}/x.jsonl", "https://example.com/"), ("-o", bad, "x"),
                 ("-p", bad, "https://example.com/"), ("-e", bad, "https://example.com/"),
                 ("--key-file", bad, "https://example.com/"), (f"--sandbox={bad}", "https://x/"),
                 ("--cacert", bad, "https://example.com/"), ("--resolve", bad, "https://x/"),
                 ("--param", bad, "https://example.com/"), ("-H", f"a: {bad}", "https://x/"),
                 ("--summary", f"{bad}/s", "https://x/"), ("--log-file", f"{bad}/l", "https://x/")):
        sandbox = () if args[0][:3] in ("-e", "--s") and args[0] != "--summary" else ("--sandbox",)
        key = ("--key", "demo") if not sandbox and args[0] == "-e" else ()
        _, seen, _ = on_terminal(*sandbox, *key, *args)
        equal(f"{args[0][:10]!r}: its value does not control the terminal", foreign(seen), [])
        check("and a message comes", b"pfetch: " in seen, seen)


class RawServer:
    """Answers each connection with the given bytes."""

    def __init__(self, reply):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d/" % self.socket.getsockname()[1]
        self.reply = reply
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65536):
                    connection.sendall(self.reply)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def hostile_server():
    evil = ESCAPES.replace("\x00", "").encode()
    high = "\u009b2J\u202e\u2028".encode()  # allowed in a header field: bytes above ASCII
    end_ = b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    replies = {
        "a reason": b"HTTP/1.1 500 " + high + end_,
        "a reason with C0": b"HTTP/1.1 500 " + evil + end_,
        "fields": b"HTTP/1.1 200 OK\r\nContent-Type: text/" + high + b"\r\nX-" + b"Y: " + high +
                  end_,
        "fields with C0": b"HTTP/1.1 200 OK\r\nX: " + evil + end_,
        "a location": b"HTTP/1.1 302 Found\r\nLocation: http://" + high + b"/" + end_,
        "a retry time": b"HTTP/1.1 401 No\r\nRetry-After: " + high + end_,
        "a coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: " + high + end_,
        "no HTTP at all": evil * 20,
        "a body": b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(evil) + evil,
    }
    for what, reply in replies.items():
        with RawServer(reply) as server:
            for more in (("-vv",), ("-vv", "--format", "body")):
                code, seen, _ = on_terminal("-e", server.endpoint, "--key", "demo", "--retries",
                                            "0", *more, "https://example.com/", columns=60)
                equal(f"{what} {more[1:]}: nothing of it controls the terminal", foreign(seen), [])
            _, seen, _ = on_terminal("-e", server.endpoint, "--key", "demo", "--retries", "0",
                                     "https://example.com/", stdout=True)
            equal(f"{what}: nor as a record", foreign(seen), [])


widths()
without_a_bar()
hostile_list()
hostile_arguments()
hostile_server()
finish()
