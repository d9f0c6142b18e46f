"""Part of make bench-policy: the program itself against pfetch-sandbox, in real time.

How many calls it makes for a page where a fifth of them fails, one kind of failure after the other,
beside the number that is needed; and a list on a plan of 50 calls, beside curl -Z and a plain asyncio
program with a semaphore.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from urllib.parse import quote

SHARE = 0.2
RETRIES = 3
RETRIES_BLOCKED = 2  # what the library grants ban pages
PAGES = 5000
PLAN = 50
LIST = 3000
TOLERANCE = 0.05
missed = 0


def verdict(met):
    global missed
    missed += not met
    return "met" if met else "NOT met"


class Sandbox:
    """pfetch-sandbox on a free port."""

    def __init__(self, programs, spec):
        self.process = subprocess.Popen(
            [os.path.join(programs, "pfetch-sandbox"), "--listen", "127.0.0.1:0", "--max-time",
             "900", spec], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.endpoint = self.process.stdout.readline().decode().split()[-1]

    def stats(self):
        with urllib.request.urlopen(self.endpoint + "__stats") as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def targets(count):
    return [f"https://host{i % 97}.example.com/{i}" for i in range(count)]


def pfetch(programs, directory, endpoint, count, *more):
    """Fetches a list of that many; gives the records' outcomes, counted."""
    with open(os.path.join(directory, "list"), "w", encoding="ascii") as file:
        file.write("\n".join(targets(count)))
    out = os.path.join(directory, "pages.jsonl")
    if os.path.exists(out):
        os.remove(out)
    subprocess.run([os.path.join(programs, "pfetch"), "-q", "--progress", "none", "-e", endpoint,
                    "--key", "demo", "-i", file.name, "-o", out, *more], check=False,
                   env=dict(os.environ, XDG_STATE_HOME=os.path.join(directory, "state")))
    outcomes = {}
    with open(out, encoding="utf-8") as file:
        for line in file:
            outcome = json.loads(line)["outcome"]
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def needed(retries):
    """Calls a page where each fails with SHARE and so many are repeated."""
    return sum(SHARE ** k for k in range(retries + 1))


def failures(programs, directory):
    kinds = [("error", needed(RETRIES)), ("empty", needed(RETRIES)), ("cut", needed(RETRIES)),
             ("drop", needed(RETRIES)), ("captcha", needed(RETRIES_BLOCKED)), ("target-404", 1.0)]
    print(f"\nCalls for a page where {SHARE:.0%} fail, {PAGES:,} targets.  Target: within "
          f"{TOLERANCE:.0%} of what is needed")
    print("kind         calls/page   needed    ok  others   target")
    for kind, theory in kinds:
        with Sandbox(programs, f"latency=5ms,{kind}={SHARE}") as sandbox:
            outcomes = pfetch(programs, directory, sandbox.endpoint, PAGES, "-c", "64")
            calls = sandbox.stats()["calls"] / PAGES
        ok = outcomes.pop("ok", 0)
        others = ",".join(f"{name} {n}" for name, n in sorted(outcomes.items())) or "-"
        print(f"{kind:12} {calls:10.3f} {theory:8.3f} {ok:5} {others}   "
              f"{verdict(abs(calls / theory - 1) <= TOLERANCE)}", flush=True)


# ------------------------------------------------------------------ on one list --

async def ask(endpoint, target):
    """One call over a connection of its own; its status, 0 where it broke."""
    host, port = endpoint.split("/")[2].split(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
        path = f"/?auth_key=demo&url={quote(target, safe='')}"
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ", 2)[1])
    except (OSError, IndexError, ValueError):
        return 0


async def semaphore(endpoint, urls, limit):
    """What is written in ten minutes: a semaphore, three retries a second apart."""
    gate = asyncio.Semaphore(limit)

    async def one(url):
        async with gate:
            for attempt in range(RETRIES + 1):
                if await ask(endpoint, url) == 200:
                    return 1
                if attempt < RETRIES:
                    await asyncio.sleep(1)
            return 0

    return sum(await asyncio.gather(*(one(url) for url in urls)))


def curl(endpoint, urls, parallel, directory):
    config = os.path.join(directory, "curl.conf")
    with open(config, "w", encoding="ascii") as file:
        for url in urls:
            file.write(f'url = "{endpoint}?auth_key=demo&url={quote(url, safe="")}"\n'
                       'output = "/dev/null"\n')
    done = subprocess.run(["curl", "-sZ", "--parallel-immediate", "--parallel-max", str(parallel),
                           "--retry", str(RETRIES), "-w", "%{http_code}\n", "-K", config],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.split().count(b"200")


def beside(programs, directory):
    urls = targets(LIST)

    def ours(endpoint):
        return pfetch(programs, directory, endpoint, LIST).get("ok", 0)

    clients = [("pfetch, nothing told", ours), ("pfetch again, with what it found", ours)]
    for n in (PLAN, 2 * PLAN):
        clients.append((f"curl -Z, {n}, --retry {RETRIES}",
                        lambda endpoint, n=n: curl(endpoint, urls, n, directory)))
        clients.append((f"asyncio, semaphore of {n}",
                        lambda endpoint, n=n: asyncio.run(semaphore(endpoint, urls, n))))
    print(f"\n{LIST:,} targets, a plan of {PLAN} calls, latencies lognormal around 500 ms")
    print("client                              pages/s  pages lost  calls wasted  refused %")
    for name, client in clients:
        with Sandbox(programs, f"latency=lognormal:500ms:0.6,limit={PLAN}") as sandbox:
            if "again" in name:
                ours(sandbox.endpoint)
            before = sandbox.stats()
            start = time.monotonic()
            pages = client(sandbox.endpoint)
            took = time.monotonic() - start
            after = sandbox.stats()
        calls = after["calls"] - before["calls"]
        refused = after["throttled"] - before["throttled"]
        print(f"{name:34} {pages / took:8.1f} {LIST - pages:11} {calls - pages:13} "
              f"{100 * refused / calls:10.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--programs", default=".", help="where pfetch and pfetch-sandbox are")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pfetch-bench-") as directory:
        failures(os.path.abspath(args.programs), directory)
        beside(os.path.abspath(args.programs), directory)
    if missed:
        print(f"\n{missed} NOT met")
    sys.exit(1 if missed else 0)


main()
