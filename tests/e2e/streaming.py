"""Records leave before the list has ended: each URL is written once the last one's record came.

Nothing here is timed: if a record were kept back, the test would wait for ever (until its limit).
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

TURNS = 20


def turn_by_turn(what, process):
    """Writes lines and reads the record of each before the next."""
    url = "https://example.com/%d"
    came = 0
    for n in range(TURNS):
        process.stdin.write(f"{url % n}\n".encode())
        process.stdin.flush()
        record = json.loads(process.stdout.readline())
        came += record["url"] == url % n and record["outcome"] == "ok"
    equal(f"{what}: each record came before the next URL was there", came, TURNS)


def watchdog(*processes):
    """Ends a test that waits for ever."""
    timer = threading.Timer(HANG_S, lambda: [p.kill() for p in processes])
    timer.daemon = True
    timer.start()
    return timer


def pipe():
    for args in (("--sandbox",), ("--sandbox=latency=20ms", "-c", "3"), ("--sandbox", "-i", "-"),
                 ("--sandbox=encoding=zstd,chunked=1", "-q")):
        process = start(*args)
        timer = watchdog(process)
        turn_by_turn(" ".join(args), process)
        done = end(process)
        timer.cancel()
        equal("and the end of the list is the end of the run", (done.code, done.out), (0, b""))


def partial_lines():
    """A line that comes in pieces is one line; the last one needs no end."""
    process = start("--sandbox")
    timer = watchdog(process)
    for piece in (b"https://exam", b"ple.com/1\nhttps://example", b".com/2\n\n#", b"no\nhttps:/"):
        process.stdin.write(piece)
        process.stdin.flush()
        time.sleep(0.02)
    got = [json.loads(process.stdout.readline()) for _ in range(2)]
    equal("lines in pieces", sorted(r["url"][-1] for r in got), ["1", "2"])
    done = end(process, b"/example.com/3")
    timer.cancel()
    equal("the last one without its end", [r["url"] for r in records(done.out)],
          ["https://example.com/3"])


def slow_reader():
    """A reader that sleeps loses nothing and holds up no call that is under way."""
    with Sandbox("size=100k") as sandbox:
        process = start(*sandbox.args, "-c", "8", "-i", URLS, "-q")
        wait_until("calls are made", lambda: sandbox.stats()["ok"] > 0, process)
        calls = 0
        while calls != sandbox.stats()["calls"]:
            calls = sandbox.stats()["calls"]
            time.sleep(0.2)
        check("a reader that sleeps stops the run before its end", calls < 1000, calls)
        wait_until("with nothing in flight", lambda: sandbox.stats()["in_flight"] == 0, process)
        done = end(process)
    equal("and gets all once it wakes up", (done.code, len(records(done.out))), (0, 1000))


def to_a_file():
    """A file has its records soon, not only when some buffer is full or the run is over."""
    process = start("--sandbox", "-i", "-", "-o", "o.jsonl")
    process.stdin.write(b"https://example.com/\n")
    process.stdin.flush()
    wait_until("the record is in the file", lambda: os.path.exists(path("o.jsonl")) and
               read("o.jsonl").endswith(b"\n"), process)
    equal("a file has a record while the list is open",
          (process.poll(), len(records(read("o.jsonl")))), (None, 1))
    equal("and the run ends with its list", end(process).code, 0)


pipe()
partial_lines()
slow_reader()
to_a_file()
finish()
