"""SIGKILL at any instant, per form of output: resumed, every page is there once, byte for byte.

PFETCH_KILLS says how often each run is killed; the usual number is small enough for every day.
"""
import random
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

KILLS = int(os.environ.get("PFETCH_KILLS", "25"))
CALLS = 16
random.seed(7)


def pages(name):
    """What an output holds: URL to body, after its records were found whole and single."""
    data = read(name)
    if name.endswith(".gz"):
        data = subprocess.run(["gzip", "-dc"], input=data, capture_output=True, check=True).stdout
    elif name.endswith(".zst"):
        data = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
    got = records(data)
    equal(f"{name}: no page twice", len({r["url"] for r in got}), len(got))
    equal(f"{name}: every page ok", {r["outcome"] for r in got}, {"ok"})
    return {r["url"]: body_of(r) for r in got}


def kill_and_resume(name, urls, wanted, *args):
    listed = write("list.txt", "".join(f"{url}\n" for url in urls))
    with Sandbox("latency=1ms..20ms,size=1k..30k,seed=3") as sandbox:
        command = (*sandbox.args, "-c", str(CALLS), "-i", listed, "-o", path(name), "--resume",
                   *args)
        done, lives = False, 0
        for lives in range(KILLS):
            process = start(*command, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 0.12))
            process.kill()
            done = end(process).code == 0
            if done:
                break
        last = run(*command)
        equal(f"{name}: after {lives + 1} kills it ends well", last.code, 0)
        calls = sandbox.stats()["calls"]
    check(f"{name}: it was killed before it was done", not done)
    if "--ordered" not in args:  # there pages wait for their turn, off the record
        check(f"{name}: only what was in flight at a kill is asked for again",
              len(urls) <= calls <= len(urls) + KILLS * CALLS, calls)
    got = pages(name)
    equal(f"{name}: every page is there", set(got), set(urls))
    check(f"{name}: byte for byte", got == wanted)


need("gzip", "zstd")
urls = [f"https://example.com/{i}" for i in range(60 * KILLS)]
with Sandbox("size=1k..30k,seed=3") as sandbox:
    whole = run(*sandbox.args, "-c", "32", "-i", "-", "-o", path("whole.jsonl"),
                given="".join(f"{url}\n" for url in urls).encode())
    equal("the pages as they are", whole.code, 0)
wanted = pages("whole.jsonl")
for name in ("killed.jsonl", "killed.jsonl.gz", "killed.jsonl.zst"):
    kill_and_resume(name, urls, wanted)
kill_and_resume("ordered.jsonl", urls, wanted, "--ordered")
finish()
