"""The same job with aiohttp: one asyncio.gather() over all pages, a session whose connector
is limited to the number of connections.  Prints the same result line as the C clients; the clocks
start after Python and aiohttp have been loaded.  With -o the pages are written to a file, a line of
JSON each."""

import argparse
import asyncio
import gc
import json
import resource
import sys
import time

import aiohttp
from yarl import URL

CHECK_EVERY = 64
HEADERS = {"User-Agent": "libpfetch/0.1.0", "Accept-Encoding": "gzip, br, zstd"}


def memory_kib(field):
    """The value of a field of /proc/self/status."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Bench:
    """What was asked for, and what came."""

    def __init__(self, args):
        target = "https%3A%2F%2Fexample.com%2F"
        self.url = f"http://127.0.0.1:{args.p}/{args.l}?auth_key=demo&url={target}"
        self.pages, self.connections, self.sample_ms = args.n, args.c, args.w
        with open(args.b, "rb") as file:
            self.expected = file.read()
        self.output = open(args.o, "w", encoding="utf-8") if args.o else None
        self.done = self.compared = self.wrong = self.body_bytes = 0
        self.waiting = self.rss_waiting_kib = 0
        self.wall_end_s = None

    def page(self, number, status, body):
        if self.output:
            json.dump({"index": number, "url": f"https://example.com/{number:07d}", "status": status,
                       "body": body.decode()}, self.output, ensure_ascii=False)
            self.output.write("\n")
        right = status == 200 and len(body) == len(self.expected)
        if self.done % CHECK_EVERY == 0 and not self.output:
            right = right and body == self.expected
            self.compared += 1
        self.wrong += not right
        self.body_bytes += len(body)
        self.done += 1
        if self.done == self.pages:
            self.wall_end_s = time.monotonic()

    def sample(self):
        self.rss_waiting_kib = memory_kib("VmRSS:")
        self.waiting = min(self.pages, self.connections) - self.done

    async def fetch(self, session, number):
        async with session.get(URL(f"{self.url}{number:07d}", encoded=True)) as response:
            self.page(number, response.status, await response.read())

    async def run(self):
        if self.sample_ms:
            asyncio.get_running_loop().call_later(self.sample_ms / 1e3, self.sample)
        connector = aiohttp.TCPConnector(limit=self.connections)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
            await asyncio.gather(*(self.fetch(session, number) for number in range(self.pages)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option, kind in (("p", int), ("l", str), ("n", int), ("c", int), ("b", str)):
        parser.add_argument(f"-{option}", type=kind, required=True)
    parser.add_argument("-w", type=int, default=0)
    parser.add_argument("-o")
    bench = Bench(parser.parse_args())
    gc.collect()
    rss_before_kib = memory_kib("VmRSS:")
    wall_start_s, cpu_start_s = time.monotonic(), cpu_s()
    asyncio.run(bench.run())
    if bench.output:
        bench.output.close()
    cpu = cpu_s() - cpu_start_s
    line = (f"name=aiohttp pages={bench.done} connections={bench.connections} "
            f"wall_s={(bench.wall_end_s or time.monotonic()) - wall_start_s:.3f} cpu_s={cpu:.3f} "
            f"us_per_page={cpu * 1e6 / max(bench.done, 1):.2f} "
            f"peak_rss_kib={memory_kib('VmHWM:')} body_bytes={bench.body_bytes} "
            f"compared={bench.compared} wrong={bench.wrong}")
    if bench.waiting:
        kib = (bench.rss_waiting_kib - rss_before_kib) / bench.waiting
        line += f" waiting={bench.waiting} waiting_bytes={kib * 1024:.0f}"
    print(line)
    return 0 if bench.done == bench.pages and not bench.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
