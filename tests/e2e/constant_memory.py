"""100,000 URLs from standard input take no more memory than 10,000.

The list stays open until every record is there; then the process is at its largest and still
there to be asked.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

if not os.path.exists("/proc/self/status"):
    skip_all("there is no /proc to read the memory from")

FEW, MANY = 10000, 100000
SPARE_KIB = 4096

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


def fetch(endpoint_args, count):
    """Gives the peak in KiB once `count` records have come."""
    process = start(*endpoint_args, "-c", "64", "-i", "-", "-q", env={"ASAN_OPTIONS": ASAN})
    feeder = threading.Thread(target=feed, args=(process.stdin, count), daemon=True)
    feeder.start()
    seen = bytearray(count)
    bad = 0
    for _ in range(count):
        record = json.loads(process.stdout.readline())
        seen[record["index"]] += 1
        bad += record["outcome"] != "ok" or not record["url"].endswith(f"/{record['index']}")
    peak = peak_kib(process.pid)
    feeder.join()
    done = end(process)
    equal(f"{count} pages: exit 0", done.code, 0)
    equal(f"{count} pages: each once and ok", (seen == b"\1" * count, bad), (True, 0))
    equal(f"{count} pages: nothing behind them", (done.out, done.err), (b"", b""))
    return peak


with Sandbox("size=1k") as sandbox:
    few = fetch(sandbox.args, FEW)
    many = fetch(sandbox.args, MANY)
print(f"{few} KiB for {FEW} pages, {many} KiB for {MANY}")
check("memory does not follow the list", many <= few * 1.15 + SPARE_KIB, (few, many))
finish()
