"""100,000 URLs from standard input take no more memory than 10,000.

The list stays open until every record is there; then the process is at its largest and still
there to be asked.  The records go to a file: for a pipe, what its reader has yet to take counts
too, up to a limit.
"""
import itertools
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

if not os.path.exists("/proc/self/status"):
    skip_all("there is no /proc to read the memory from")

FEW, MANY = 10000, 100000
SPARE_KIB = 1024

# AddressSanitizer keeps what was freed, up to 256 MiB: here that would be all one sees.
ASAN = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1",
                              "thread_local_quarantine_size_kb=64"]))


def feed(stream, count):
    for i in range(0, count, 1000):
        stream.write(b"".join(b"https://example.com/%d\n" % n for n in range(i, i + 1000)))
    stream.flush()


def peak_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))


def lines_of(name, process):
    """The lines of a file that still grows, until the process ends."""
    rest = b""
    with open(path(name), "rb") as f:
        while True:
            ended = process.poll() is not None
            piece = f.read(1 << 20)
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if not piece and ended:
                return
            if not piece:
                time.sleep(0.05)


def fetch(endpoint_args, count):
    """Gives the peak in KiB once `count` records have come."""
    name = f"{count}.jsonl"
    process = start(*endpoint_args, "-c", "64", "-i", "-", "-q", "-o", path(name),
                    env={"ASAN_OPTIONS": ASAN})
    feeder = threading.Thread(target=feed, args=(process.stdin, count), daemon=True)
    feeder.start()
    wait_until("the output is there", lambda: os.path.exists(path(name)), process)
    seen = bytearray(count)
    bad = 0
    for line in itertools.islice(lines_of(name, process), count):
        record = json.loads(line)
        seen[record["index"]] += 1
        bad += record["outcome"] != "ok" or not record["url"].endswith(f"/{record['index']}")
    peak = peak_kib(process.pid)
    feeder.join()
    done = end(process)
    equal(f"{count} pages: exit 0", done.code, 0)
    equal(f"{count} pages: each once and ok", (seen == b"\1" * count, bad), (True, 0))
    equal(f"{count} pages: nothing behind them", (read(name).count(b"\n"), done.out, done.err),
          (count, b"", b""))
    os.unlink(path(name))
    return peak


with Sandbox("size=1k") as sandbox:
    few = fetch(sandbox.args, FEW)
    many = fetch(sandbox.args, MANY)
print(f"{few} KiB for {FEW} pages, {many} KiB for {MANY}")
check("memory does not follow the list", many <= few * 1.1 + SPARE_KIB, (few, many))
finish()
