"""Each exit status of the contract but those of signals, and what is left behind with it."""
import resource
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403


def urls(count, more=""):
    return [f"https://example.com/{i}{more}" for i in range(count)]


def says(what, done, code, *words):
    """Exit status and the words of the message, on standard error alone."""
    text = done.err.decode().lower()
    equal(f"{what}: exit {code}", done.code, code)
    check(f"{what}: says so", all(w in text for w in words), done.err)


# ---------------------------------------------------------------- 0 and 1 --

def fine_and_failed():
    says("every page ok", run("--sandbox", *urls(3)), 0, "3 pages")
    done = run("--sandbox", *urls(2), "https://example.com/?sandbox=target-404")
    says("a 404 of the site", done, 1)
    equal("the others come through", sorted(r["outcome"] for r in records(done.out)),
          ["ok", "ok", "target_error"])
    says("no URL at all in the list", run("--sandbox"), 0)
    done = run("--sandbox", "-q", *urls(3))
    equal("-q says nothing", (done.code, done.err), (0, b""))


# ---------------------------------------------------------------- 2 --

def refused(what, *args, words=(), env=None, given=b"", endpoint=True):
    """Exit 2, nothing sent, nothing written."""
    with Sandbox() as sandbox:
        where = ("-e", sandbox.endpoint) if endpoint else ()
        before = sorted(os.listdir(work))
        done = run(*where, *args, env=env, given=given)
        says(what, done, 2, *words)
        equal(f"{what}: nothing on standard output", done.out, b"")
        equal(f"{what}: nothing sent", sandbox.stats()["calls"], 0)
        equal(f"{what}: no file made", sorted(os.listdir(work)), before)


def usage():
    url = "https://example.com/"
    key = ("--key", "demo")
    write("taken.jsonl", "kept\n")
    os.makedirs(path("taken"), exist_ok=True)
    write("taken/index.jsonl", "kept\n")
    write("empty.key", "\n")
    refused("a list that is not there", *key, "-i", "missing.txt", "-o", "new.jsonl",
            words=("missing.txt", "no such file"))
    refused("a list that is a directory", *key, "-i", "taken", words=("taken", "directory"))
    refused("the second list is not there", *key, "-i", URLS, "-i", "missing.txt",
            words=("missing.txt",))
    refused("no key", url, "-o", "new.jsonl", words=("key", "proxiesapi_key"))
    refused("a key file that is not there", url, "--key-file", "missing.key",
            words=("missing.key",))
    refused("a key file without a key", url, "--key-file", "empty.key", words=("empty.key",))
    refused("an empty variable", url, env={"PROXIESAPI_KEY": ""}, words=("key",))
    refused("an unknown option", *key, "--no-such-option", url, words=("--no-such-option",))
    refused("an abbreviated option", *key, "--retr", "3", url, words=("--retr",))
    refused("a value that is no number", *key, "-c", "many", url, words=("many",))
    refused("a value out of range", *key, "-c", "0", url, words=("concurrency",))
    refused("a value that is missing", *key, url, "--retries", words=("--retries",))
    refused("an unknown profile", *key, "-p", "nobody", url, words=("nobody",))
    refused("what the profile cannot do", *key, "--premium", url, words=("premium",))
    refused("an output without a form", *key, url, "-o", "pages", words=("pages",))
    refused("an output that exists", *key, url, "-o", "taken.jsonl", words=("taken.jsonl",))
    refused("a directory that holds an index", *key, url, "-o", "taken/", words=("index.jsonl",))
    refused("an output in no directory", *key, url, "-o", "nowhere/new.jsonl",
            words=("nowhere/new.jsonl",))
    refused("a summary in no directory", *key, url, "-o", "new.jsonl", "--summary", "nowhere/s",
            words=("nowhere/s",))
    refused("a log in no directory", *key, url, "--log-file", "nowhere/log",
            words=("nowhere/log",))
    refused("a --resolve that is none", *key, url, "--resolve", "nonsense", words=("resolve",))
    refused("an endpoint that is no URL", "-e", "nonsense", *key, url, endpoint=False,
            words=("endpoint",))
    equal("what existed is untouched", (read("taken.jsonl"), read("taken/index.jsonl")),
          (b"kept\n", b"kept\n"))


# ---------------------------------------------------------------- 3 --

def wrong_key():
    with Sandbox("latency=20ms") as sandbox:
        done = run("-e", sandbox.endpoint, "--key", "wrong", "-c", "1", "--summary",
                   path("wrong"), *urls(50))
        says("a wrong key", done, 3, "key", "401", "correct the key", "another list")
        equal("nothing is sent after it was asked once more", sandbox.stats()["calls"], 2)
        equal("its page is on record", [r["outcome"] for r in records(done.out)], ["account"])
        summary = summary_of("wrong")
        equal("the summary says what stopped it",
              (summary["stopped_by"], summary["exit_code"], summary["not_fetched"] +
               summary["cancelled"] >= 49), ("account", 3, True))
        done = run("-e", sandbox.endpoint, "--key", "wrong", "-c", "4", *urls(50))
        says("a wrong key and four calls at once", done, 3, "key")
        check("no more than were under way, and the one", sandbox.stats()["calls"] <= 2 + 4 + 1,
              sandbox.stats())
    with Sandbox() as sandbox:
        done = run(*sandbox.args, "-c", "1", *urls(10, "?sandbox=status-402"))
        says("no credits", done, 3, "402", "credits")
        equal("no credits: nothing is sent after it was asked once more",
              sandbox.stats()["calls"], 2)
    spending()


def spending():
    """--max-credits: never overstepped, and the rest is left for another run."""
    with Sandbox() as sandbox:
        done = run(*sandbox.args, "--max-credits", "3", "--cost-per-call", "1", *urls(10))
        says("--max-credits", done, 5, "--max-credits", "another list")
        equal("three calls for three credits", sandbox.stats()["calls"], 3)
        equal("three pages on record", [(r["outcome"], r["cost"]) for r in records(done.out)],
              [("ok", 1)] * 3)
        done = run(*sandbox.args, "--max-credits", "3", *urls(10))
        says("a limit without a price", done, 2, "cost of a call", "cost_per_call")
        equal("nothing was sent for it", sandbox.stats()["calls"], 3)
        args = [*sandbox.args, "--max-credits", "3", "--cost-per-call", "1", "-o", "spent.jsonl"]
        says("--max-credits with an output", run(*args, *urls(5)), 5, "go on by --resume")
        says("which goes on as it was told", run(*args, "--resume", *urls(5)), 0)
        equal("and nothing is paid for twice", sandbox.stats()["calls"], 3 + 5)


# ---------------------------------------------------------------- 4 --

def small_files():
    """No file may grow beyond 64 KiB: a full disk for those who cannot mount one."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))


def whole_lines(what, data):
    """What a full disk holds: some records, the last of them whole."""
    check(f"{what}: the last line is whole", data.endswith(b"\n"), data[-80:])
    got = records(data[:data.rfind(b"\n") + 1])
    check(f"{what}: some records, each whole", 0 < len(got) < 100, len(got))
    for r in got:
        body_of(r)


def full_disk():
    for form in ("jsonl", "body"):
        done = run("--sandbox", "--format", form, "-o", "/dev/full", *urls(3))
        says(f"/dev/full for {form}", done, 4, "/dev/full", "no space")
    with open("/dev/full", "wb") as full:
        done = run("--sandbox", *urls(3), stdout=full)
    says("standard output is full", done, 4, "standard output", "no space")
    with Sandbox() as sandbox:
        done = run(*sandbox.args, "-c", "2", "-o", path("small.jsonl"), "--summary",
                   path("full"), *urls(200), preexec_fn=small_files)
        says("a file that cannot grow", done, 4, "small.jsonl")
        calls = sandbox.stats()["calls"]
        check("no call is made in vain for long", calls < 100, calls)
    whole_lines("a file that cannot grow", read("small.jsonl"))
    summary = summary_of("full")
    equal("the summary says what stopped it", (summary["stopped_by"], summary["exit_code"]),
          ("output", 4))
    equal("and how many records there are", summary["recorded"],
          len(records(read("small.jsonl"))))
    done = run("--sandbox=size=1k", "-o", path("small") + "/", *urls(300), preexec_fn=small_files)
    says("a directory whose index cannot grow", done, 4, "small")
    got = records(read("small/index.jsonl"))
    check("a directory: its records name whole files", got and all(
        hashlib.sha256(read("small/" + r["file"])).hexdigest() == r["sha256"] for r in got))
    if os.path.exists("/dev/full"):
        done = run("--sandbox", "--summary", "/dev/full", "-o", path("s.jsonl"), *urls(3))
        says("a summary that cannot be written", done, 4, "/dev/full")
        equal("a summary that cannot be written: the pages are", len(records(read("s.jsonl"))), 3)


def full_file_system():
    """A real one, of 64 KiB, in a name space of its own that ends with its shell."""
    os.mkdir(path("disk"))
    mounted = run("-rm", "sh", "-c", 'mount -t tmpfs -o size=64k none "$0"', path("disk"),
                  program="unshare") if shutil.which("unshare") else None
    if mounted is None or mounted.code != 0:
        skip("a full file system: none can be mounted here")
        return
    done = run("-rm", "sh", "-c", 'mount -t tmpfs -o size=64k none "$0"/disk\n'
               '"$PFETCH" --sandbox -o "$0"/disk/o.jsonl -i "$SRCDIR"/examples/urls.txt\n'
               'code=$?; cat "$0"/disk/o.jsonl; exit $code', work, program="unshare")
    says("a full file system", done, 4, "o.jsonl", "no space")
    whole_lines("a full file system", done.out)


def closed_pipe():
    with Sandbox("size=50k") as sandbox:
        process = start(*sandbox.args, "-c", "8", "-i", "-")
        process.stdin.write("".join(f"{u}\n" for u in urls(2000)).encode())
        process.stdin.close()
        process.stdin = None
        first = process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        done = end(process)
        stats = sandbox.stats()
    equal("a reader that wants one line gets it", records(first)[0]["outcome"], "ok")
    equal("and ends the run", done.code, 4)
    equal("of which nothing is told", done.err, b"")
    check("long before its end", stats["calls"] < 2000, stats)


# ---------------------------------------------------------------- 5 --

def max_time():
    with Sandbox("latency=200ms") as sandbox:
        done = run(*sandbox.args, "-c", "1", "--max-time", "1", "--summary", path("time"),
                   *urls(500))
        says("--max-time", done, 5, "max-time", "another list")
        got = records(done.out)
        equal("what was under way came in", sandbox.stats()["calls"], len(got))
        check("and is ok", all(r["outcome"] == "ok" for r in got))
    summary = summary_of("time")
    equal("the summary counts the rest", (summary["stopped_by"], summary["exit_code"],
          len(got) + summary["not_fetched"]), ("time", 5, 500))
    done = run("--sandbox", "--max-time", str(HANG_S), *urls(5))
    says("--max-time that is not reached", done, 0)


fine_and_failed()
usage()
wrong_key()
full_disk()
full_file_system()
closed_pipe()
max_time()
finish()
