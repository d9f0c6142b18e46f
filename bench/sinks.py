#!/usr/bin/env python3
"""What it costs to keep the pages: pfetch with each of its outputs, beside the library handing the same
pages to a callback that drops them, and beside other ways to fetch and keep them; then how soon a run
that is gone on with begins.

As in run.py, nginx runs on one core, the client with all its threads on another unless the table says
"all cores", and every client has its turn in each round.  The figures are medians; CPU is user and
system time of the client.  The pages are 10 KiB of markup, so that compression and the escapes of JSON
have what they meet elsewhere.  The library that drops them looks for ban pages, as it always does, and neither writer
of archives fetches them: both are given what they write.
Environment: BENCH_PAGES (pages a run, default 100000), BENCH_ROUNDS (default 3), TMPDIR (where the
outputs are written, and deleted again).
"""

import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from statistics import median

from clients import Clients, Failed, Run
from report import column, spread, table
from run import FILES, machine, prepare, tell
from server import Server

IN_FLIGHT = 256
KEPT = 16384  # bytes for a page: more than any output keeps of it
SMALL = 10000  # pages of the run whose memory the others' is compared with
MIB = 1 << 20
LOCATION, ONE_PAGE = "page", "pages/000"  # that answers with a thousand pages in turn, and one of them
# These keep each page in a file of its own.
IN_FILES = "directory", "curl -Z, files", "wget2, files"
RECORDS = 10000000  # of the output that is gone on with
PARSED = 500000     # of them that slow parsers are measured with

# pfetch's outputs, by the name of the file or the folder.
OUTPUTS = {"JSONL": "pages.jsonl", "JSONL .gz": "pages.jsonl.gz", "JSONL .zst": "pages.jsonl.zst",
           "WARC": "pages.warc", "WARC .gz": "pages.warc.gz", "directory": "pages/"}
# Those that are packed once more with every core, as users run them; nginx has its part of one.
ALL_CORES = ", all cores"
OUTPUTS |= {name + ALL_CORES: OUTPUTS[name] for name in ("WARC .gz", "JSONL .zst")}
# The others, with their share of the pages.
PEERS = {"curl -Z, files": 1 / 10, "wget2, files": 1 / 10, "aiohttp, JSONL": 1 / 10,
         "warcio.js, WARC .gz": 1 / 50, "Python, WARC .gz": 1 / 10}

# The least that Python's warcio does for a page: two digests, the heads, a member of its own.
PYTHON_WARC = """
import base64, hashlib, resource, sys, time, uuid, zlib
body, count, out = open(sys.argv[1], "rb").read(), int(sys.argv[2]), open(sys.argv[3], "wb")
head = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
start = time.monotonic()
for number in range(count):
    payload = base64.b32encode(hashlib.sha1(body).digest()).decode()
    block = base64.b32encode(hashlib.sha1(head + body).digest()).decode()
    record = (f"WARC/1.1\\r\\nWARC-Type: response\\r\\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\\r\\n"
              f"WARC-Target-URI: https://example.com/{number:07d}\\r\\n"
              "WARC-Date: 2026-01-01T00:00:00Z\\r\\n"
              f"WARC-Payload-Digest: sha1:{payload}\\r\\nWARC-Block-Digest: sha1:{block}\\r\\n"
              "Content-Type: application/http; msgtype=response\\r\\n"
              f"Content-Length: {len(head) + len(body)}\\r\\n\\r\\n").encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out.write(packer.compress(record + head + body + b"\\r\\n\\r\\n") + packer.flush())
use = resource.getrusage(resource.RUSAGE_SELF)
print(f"wall_s={time.monotonic() - start:.3f} cpu_s={use.ru_utime + use.ru_stime:.3f} "
      f"peak_rss_kib={use.ru_maxrss}")
"""

# The same by the npm package warcio.
NODE_WARC = """
import fs from "node:fs";
import { WARCRecord, WARCSerializer } from "warcio";
const [body, count, path] = [fs.readFileSync(process.argv[2]), +process.argv[3], process.argv[4]];
const out = fs.openSync(path, "w"), start = performance.now();
for (let number = 0; number < count; number++) {
    const record = WARCRecord.create(
        { url: `https://example.com/${number}`, date: "2026-01-01T00:00:00Z", type: "response",
          warcVersion: "WARC/1.1", statusline: "HTTP/1.1 200 OK",
          httpHeaders: { "Content-Type": "text/html" } },
        (async function* () { yield body; })());
    fs.writeSync(out, await WARCSerializer.serialize(record, { gzip: true }));
}
const use = process.resourceUsage();
console.log(`wall_s=${(performance.now() - start) / 1e3} ` +
    `cpu_s=${(use.userCPUTime + use.systemCPUTime) / 1e6} peak_rss_kib=${use.maxRSS}`);
"""


def size_of(path):
    """Bytes of a file, or of all files in a folder; 0: there is none."""
    if os.path.isdir(path):
        return sum(entry.stat().st_size if entry.is_file(follow_symlinks=False)
                   else size_of(entry.path) for entry in os.scandir(path))
    return os.path.getsize(path) if os.path.exists(path) else 0


def put_away(path):
    """Leaves a folder to be deleted at the end: while many files were deleted in the last minutes, ext4
    looks for a free inode for ten times as long as making a file takes."""
    os.rename(path, f"{tempfile.mkdtemp(prefix='kept-', dir=os.path.dirname(path))}/files")


class Keepers:
    """The clients that keep what they fetch."""

    def __init__(self, clients, server, directory):
        self.clients, self.server, self.dir = clients, server, directory
        self.unpinned = copy.copy(clients)
        self.unpinned.pin = []
        self.missing = {name: "" for name in PEERS}
        for name, there, remedy in (
                ("curl -Z, files", shutil.which("curl"), "apt-get install curl"),
                ("wget2, files", shutil.which("wget2"), "apt-get install wget2"),
                ("aiohttp, JSONL", clients.python, "apt-get install python3-aiohttp"),
                ("warcio.js, WARC .gz", self._find_warcio(), "npm install --prefix DIR warcio, "
                 "and NODE_PATH=DIR/node_modules"),
                ("Python, WARC .gz", sys.executable, "")):
            if there:
                del self.missing[name]
            else:
                self.missing[name] = remedy

    def _find_warcio(self):
        """Makes the folder that the script runs in, where the package is installed."""
        package = os.path.join(os.environ.get("NODE_PATH", ""), "warcio")
        if not shutil.which("node") or not os.path.isdir(package):
            return False
        os.mkdir(f"{self.dir}/node")
        os.symlink(os.path.dirname(os.path.abspath(package)), f"{self.dir}/node/node_modules")
        with open(f"{self.dir}/node/write.mjs", "w", encoding="utf-8") as file:
            file.write(NODE_WARC)
        return True

    def once(self, name, pages):
        """Runs one; returns its figures, and leaves nothing behind."""
        run = Run(self.server.next_port(), LOCATION, pages, IN_FLIGHT,
                  self.server.body_file(ONE_PAGE))
        out = f"{self.dir}/out"
        self._warm(pages)
        self.server.settle()
        os.mkdir(out)
        try:
            figures = self._run(name, run, out)
            figures["bytes_per_page"] = size_of(out) / pages
        finally:
            if name in IN_FILES:
                put_away(out)
            else:
                shutil.rmtree(out)
            os.sync()  # what is still to be written is not to burden the next one
        figures["pages"] = pages
        figures["us_per_page"] = figures["cpu_s"] * 1e6 / pages
        return figures

    def _warm(self, pages):
        """Fills as much of the page cache as any output takes, and frees it again: on a machine whose
        memory comes from its host when it is first touched, that is not the output's to pay."""
        path, chunk = f"{self.dir}/warm", bytes(MIB)
        with open(path, "wb", buffering=0) as file:
            for _ in range(pages * KEPT // MIB):
                file.write(chunk)
        os.unlink(path)

    def _run(self, name, run, out):
        if name == "dropped":
            return self.clients.call([self.clients.program("pf"), "-s"] + run.options())
        if name in OUTPUTS:
            return self._pfetch(OUTPUTS[name], run, out, name.endswith(ALL_CORES))
        size = os.path.getsize(run.body_file)
        if name == "aiohttp, JSONL":
            return self.clients.call([self.clients.python, f"{os.path.dirname(__file__)}/aio.py",
                                      "-o", f"{out}/pages.jsonl"] + run.options())
        if name == "curl -Z, files":
            config = f"{self.dir}/curl.config"
            with open(config, "w", encoding="ascii") as file:
                file.writelines(f'url = "{url}"\noutput = "{out}/{number}.html"\n'
                                for number, url in enumerate(run.urls()))
            figures, _ = self.clients.watch(["curl", "-q", "-Z", "--parallel-max", str(IN_FLIGHT),
                                             "-s", "--no-progress-meter", "-K", config], run.pages)
        elif name == "wget2, files":
            urls = f"{self.dir}/urls"
            with open(urls, "w", encoding="ascii") as file:
                file.writelines(f"{url}\n" for url in run.urls())
            figures, _ = self.clients.watch(["wget2", "-q", "--no-hsts", "-P", out, "-i", urls,
                                             f"--max-threads={IN_FLIGHT}"], run.pages)
        else:
            arguments = [run.body_file, str(run.pages), f"{out}/pages.warc.gz"]
            return self.clients.call(
                ["node", f"{self.dir}/node/write.mjs"] + arguments if "js" in name
                else [sys.executable, "-c", PYTHON_WARC] + arguments)
        if size_of(out) != run.pages * size:
            raise Failed(f"{name}: not every page is whole")
        return figures

    def _pfetch(self, output, run, out, everywhere):
        urls = f"{self.dir}/urls"
        with open(urls, "w", encoding="ascii") as file:
            file.writelines(f"https://example.com/{number:07d}\n" for number in range(run.pages))
        summary = f"{self.dir}/summary.json"
        figures, _ = (self.unpinned if everywhere else self.clients).watch(
            [self.clients.program("pfetch"), "-q", "-i", urls, "-o", f"{out}/{output}",
             "--summary", summary] + self.way(run), run.pages)
        with open(summary, encoding="utf-8") as file:
            told = json.load(file)
        if told["pages"]["ok"] != run.pages:
            raise Failed(f"pfetch {output}: {told['pages']['ok']} of {run.pages} pages")
        return figures

    @staticmethod
    def way(run):
        """pfetch's options for the server."""
        return ["--key", "demo", "--key-param", "auth_key", "-c", str(run.connections),
                "-e", f"http://127.0.0.1:{run.port}/{run.location}"]

    # ------------------------------------------------------------ going on --

    def make_records(self, path):
        """An output of RECORDS pages of a few bytes, as pfetch writes it."""
        run = Run(self.server.next_port(), "tiny", 2, 1, self.server.body_file("tiny"))
        small = f"{self.dir}/small.jsonl"
        subprocess.run([self.clients.program("pfetch"), "-q", "-o", small, "--ordered",
                        "https://example.com/0000000", "https://example.com/0000001"]
                       + self.way(run), check=True)
        with open(small, "rb") as file:
            first, second = file.readlines()
        head, tail = second.split(b"/0000001", 1)
        index = b'"index":1,'
        if index not in head or b"0000001" in tail:
            raise Failed("the records look otherwise than this program knows")
        with open(path, "wb", buffering=MIB) as file:
            file.write(first)
            for number in range(1, RECORDS):
                file.write(head.replace(index, b'"index":%d,' % number) + b"/%07d" % number + tail)

    def go_on(self, path):
        """Seconds of wall clock by what was done, for an output that is in the page cache."""
        run = Run(self.server.next_port(), "tiny", 1, 1, self.server.body_file("tiny"))
        part = f"{self.dir}/part.jsonl"
        with open(part, "wb") as file:
            subprocess.run(["head", "-n", str(PARSED), path], stdout=file, check=True)
        scale = RECORDS / PARSED
        python = "import json, sys\nfor line in sys.stdin: json.loads(line)['url']"
        size = os.path.getsize(path)
        ways = {
            "cat": (["cat", path], 1),
            "grep -c": (["env", "LC_ALL=C", "grep", "-c", '"url":"', path], 1),
            "Python's json": (["sh", "-c", f"{sys.executable} -c \"$1\" <\"$2\"", "-", python, part],
                              scale),
            "jq": (["jq", "-r", ".url", part], scale),
            "pfetch --resume": ([self.clients.program("pfetch"), "-q", "-o", path, "--resume",
                                 "https://example.com/new"] + self.way(run), 1)}
        times = {}
        for name, (command, factor) in ways.items():
            if name == "jq" and not shutil.which("jq"):
                continue
            tell(f"going on: {name}")
            figures, _ = self.clients.watch(command, 1)
            times[name] = (figures["wall_s"] * factor, figures["cpu_s"] * factor,
                           figures["peak_rss_kib"] / 1024, factor == 1)
            os.truncate(path, size)  # the new page's record is not for the next round
        os.unlink(part)
        return times


# ---------------------------------------------------------------- what comes out --

def rows_of(results, small):
    base = median(column(results["dropped"], "us_per_page"))
    rows = []
    for name, rounds in results.items():
        cpu, peak = column(rounds, "us_per_page"), median(column(rounds, "peak_rss_kib")) / 1024
        few = f"{small[name]['peak_rss_kib'] / 1024:.1f}" if name in small else "–"
        rows.append([name, f"{median(cpu):.1f}", spread(cpu, 1), f"{median(cpu) / base:.2f}",
                     f"{median(f['pages'] / f['wall_s'] for f in rounds):,.0f}", f"{peak:.1f}", few,
                     f"{median(column(rounds, 'bytes_per_page')):,.0f}",
                     f"{rounds[0]['pages']:,.0f}"])
    return rows


HEAD = ["output", "CPU µs/page", "min … max", "× dropped", "pages/s", "peak MiB",
        f"of {SMALL:,} pages", "bytes/page", "pages"]


def targets_of(results, small, plain):
    def cost(name):
        return median(column(results[name], "us_per_page"))

    def rate(name):
        return median(f["pages"] / f["wall_s"] for f in results[name])

    def peak(name):
        return median(column(results[name], "peak_rss_kib")) / 1024

    rows = []

    def add(text, value, limit, at_least=False):
        met = value >= limit if at_least else value <= limit
        rows.append([text, f"{value:.2f}", f"{'≥' if at_least else '≤'} {limit:g}",
                     "met" if met else "NOT met"])

    add("JSONL: CPU per page / dropped", cost("JSONL") / cost("dropped"), 1.6)
    add("WARC: CPU per page / dropped", cost("WARC") / cost("dropped"), 1.6)
    add("directory: CPU per page / plain loop, both without the network",
        plain["sink"] / plain["plain"], 1.2)
    for name in OUTPUTS:
        add(f"{name}: peak memory / that of {SMALL:,} pages",
            peak(name) * 1024 / small[name]["peak_rss_kib"], 1.1)
    add("largest peak memory, MiB", max(peak(name) for name in OUTPUTS), 64)
    for peer in ("Python, WARC .gz", "warcio.js, WARC .gz"):
        for name in ("WARC .gz", "JSONL .zst"):
            for way in ("", ALL_CORES) if peer in results else ():
                add(f"{name}{way}: pages per second / {peer}", rate(name + way) / rate(peer), 4,
                    True)
    return rows


def files_alone(clients, directory, pages, rounds):
    """bench/directory: CPU per page of the sink alone and of a plain loop, medians."""
    cpu = {"plain": [], "sink": []}
    for _ in range(rounds):
        for way, values in cpu.items():
            out = f"{directory}/files"
            done = subprocess.run(clients.pin + [clients.program("directory"), way, out, str(pages)],
                                  capture_output=True, text=True, check=True)
            values.append(float(done.stdout.split(", ")[1].split()[0]))
            put_away(out)
            os.sync()
    return {way: median(values) for way, values in cpu.items()}


def going_on_table(rounds):
    names = [name for name in rounds[0]]
    rows = []
    for name in names:
        times = [times[name] for times in rounds]
        rows.append([name, f"{median(t[0] for t in times):.2f}", f"{median(t[1] for t in times):.2f}",
                     f"{median(t[2] for t in times):.1f}" if times[0][3] else "–"])
    return table(["", "wall s", "CPU s", "peak MiB"], rows)


def file_system(path):
    told = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=False)
    return told.stdout.strip()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default="bench", help="directory of the built programs")
    parser.add_argument("--only", help="outputs and peers, separated by semicolons; default: all")
    parser.add_argument("--no-resume", action="store_true", help="nothing about going on")
    return parser.parse_args()


def measure(args, server, clients, directory):
    """All of it; returns the report's parts."""
    pages = int(os.environ.get("BENCH_PAGES", "100000"))
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    keepers = Keepers(clients, server, directory)
    names = ["dropped", *OUTPUTS, *(name for name in PEERS if name not in keepers.missing)]
    if args.only:
        names = [name for name in names if name == "dropped" or name in args.only.split(";")]
    results, small = {name: [] for name in names}, {}
    for number in range(rounds):
        for name in names:
            tell(f"round {number + 1} of {rounds}: {name}")
            results[name].append(keepers.once(name, int(pages * PEERS.get(name, 1))))
    for name in names:
        if name not in PEERS:
            tell(f"{SMALL:,} pages: {name}")
            small[name] = keepers.once(name, SMALL)
    tell("files alone")
    plain = files_alone(clients, directory, min(pages, 100000), rounds)
    tell("")
    parts = ["# Keeping the pages", "\n".join(machine(clients)),
             f"Medians of {rounds} rounds; {IN_FLIGHT} calls in flight; pages of 10 KiB of markup; "
             f"written to {file_system(directory)}."]
    parts += [f"Not measured: {name} ({remedy})." for name, remedy in keepers.missing.items()]
    parts.append(table(HEAD, rows_of(results, small)))
    parts.append(f"Files alone, without the network: a plain loop {plain['plain']:.1f} µs of CPU a "
                 f"page, the directory's sink {plain['sink']:.1f} µs.")
    if not args.only:
        parts.append(table(["figure of pfetch", "median", "target", ""],
                           targets_of(results, small, plain)))
    if not args.no_resume:
        path = f"{directory}/all.jsonl"
        tell(f"making an output of {RECORDS:,} records")
        keepers.make_records(path)
        times = [keepers.go_on(path) for _ in range(rounds)]
        tell("")
        parts += [f"## Going on with {RECORDS:,} records, {os.path.getsize(path) / MIB:,.0f} MiB in "
                  "the page cache", going_on_table(times),
                  f"Python and jq: {PARSED:,} of the records, times {RECORDS // PARSED}.  pfetch: "
                  "until it has fetched one more page and ended."]
        os.unlink(path)
    return parts


def main():
    args = arguments()
    server_core, client_core = prepare()
    with tempfile.TemporaryDirectory(prefix="pfetch-bench-") as directory, \
            Server(directory, server_core, FILES) as server:
        os.environ["XDG_STATE_HOME"] = f"{directory}/state"
        clients = Clients(args.programs, directory, client_core)
        try:
            parts = measure(args, server, clients, directory)
        except Failed as failure:
            sys.exit(f"bench: {failure}")
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()
