"""The clients that are measured: how each is started, and the result it comes back with.

The C clients and aio.py print a line of name=value pairs themselves, with clocks that start after
they have been loaded.  The tools are run by `watch`, which prints what the whole process took.  curl
and wget2 are told to throw the pages away, h2load and wrk always do: they never hold them, which is
in their favour.
"""

import mmap
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CURL_PARALLEL_MAX = 300  # curl takes no more before its version 8
WRK_PAGES_A_SECOND = 20000  # about: wrk is told how long, not how many
HEADERS = ["-H", "User-Agent: libpfetch/0.1.0", "-H", "Accept: */*",
           "-H", "Accept-Encoding: gzip, br, zstd"]


class Failed(Exception):
    """A client did not do its job; says why."""


def warm(size):
    """Touches that many bytes of memory and gives them back: in a virtual machine the first touch
    costs several times what a later one does, and one client is not to pay for all."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    mmap.mmap(-1, size, flags=flags).close()


class Run:
    """What one run of a client is to do."""

    def __init__(self, port, location, pages, connections, body_file, streams=0, ca_file=None,
                 sample_ms=0):
        self.port, self.location, self.pages = port, location, pages
        self.connections, self.body_file, self.sample_ms = connections, body_file, sample_ms
        self.streams, self.ca_file = streams, ca_file

    def url(self, number):
        target = "https%3A%2F%2Fexample.com%2F"
        scheme = "https" if self.ca_file else "http"
        return (f"{scheme}://127.0.0.1:{self.port}/{self.location}?auth_key=demo&url={target}"
                f"{number:07d}")

    def urls(self):
        return [self.url(number) for number in range(self.pages)]

    def options(self):
        options = ["-p", self.port, "-l", self.location, "-n", self.pages, "-c", self.connections,
                   "-b", self.body_file]
        if self.ca_file:
            options += ["-t", self.ca_file]
        if self.streams:
            options += ["-m", self.streams]
        if self.sample_ms:
            options += ["-w", self.sample_ms]
        return [str(option) for option in options]


def find_aiohttp():
    """A Python interpreter that has aiohttp, or None."""
    for python in (sys.executable, "/usr/bin/python3"):
        found = subprocess.run([python, "-c", "import aiohttp"], stderr=subprocess.DEVNULL,
                               check=False)
        if found.returncode == 0:
            return python
    return None


class Clients:
    """All clients by name; those that cannot run here are in `missing`, with what to install."""

    def __init__(self, programs, directory, core):
        self.programs, self.dir = os.path.abspath(programs), directory
        self.pin = ["taskset", "-c", str(core)]
        self.python = find_aiohttp()
        self.missing = {}
        for name, there, remedy in (
                ("curl_multi", shutil.which(self.program("curl_multi")), "libcurl4-openssl-dev"),
                ("curl -Z", shutil.which("curl"), "curl"),
                ("aiohttp", self.python, "python3-aiohttp"),
                ("wget2", shutil.which("wget2"), "wget2"),
                ("h2load", shutil.which("h2load"), "nghttp2-client"),
                ("wrk", shutil.which("wrk"), "wrk")):
            if not there:
                self.missing[name] = remedy

    def program(self, name):
        return f"{self.programs}/{name}"

    def run(self, name, run):
        """Runs a client; returns its figures, as numbers by name."""
        tools = {"curl -Z": self._curl, "wget2": self._wget2, "h2load": self._h2load,
                 "wrk": self._wrk}
        if name in tools:
            return tools[name](run)
        if name == "aiohttp":
            return self.call([self.python, f"{HERE}/aio.py"] + run.options())
        return self.call([self.program(name)] + run.options())

    def call(self, command):
        """Runs a client that prints its figures itself; returns them."""
        done = subprocess.run(self.pin + command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{os.path.basename(command[0])}: exit status {done.returncode}: "
                         f"{(done.stderr + done.stdout).strip()[:500]}")
        pairs = [pair.partition("=") for pair in done.stdout.split()]
        return {name: float(value) for name, _, value in pairs if name != "name"}

    def watch(self, command, pages):
        """Runs a tool; returns its figures and what it wrote to standard output.  `pages`: how many
        it fetches, or a pattern that finds the number in what it wrote."""
        path = f"{self.dir}/output"
        figures = self.call([self.program("watch"), path] + command)
        with open(path, encoding="utf-8") as file:
            output = file.read()
        if isinstance(pages, str):
            pages = int(re.search(pages, output).group(1))
        figures["pages"] = pages
        figures["us_per_page"] = figures["cpu_s"] * 1e6 / pages
        return figures, output

    def _curl(self, run):
        config = f"{self.dir}/curl.config"
        with open(config, "w", encoding="ascii") as file:
            file.write('write-out = "%{http_code} %{size_download}\\n"\n')
            file.writelines(f'url = "{url}"\noutput = "/dev/null"\n' for url in run.urls())
        parallel = min(run.connections, CURL_PARALLEL_MAX)
        figures, output = self.watch(["curl", "-q", "-Z", "--parallel-max", str(parallel), "-s",
                                       "--no-progress-meter", "-K", config], run.pages)
        size = os.path.getsize(run.body_file)
        if output.splitlines() != [f"200 {size}"] * run.pages:
            raise Failed("curl -Z: not every page is whole")
        figures["body_bytes"] = run.pages * size
        return figures

    def _h2load(self, run):
        pages, size = run.pages, os.path.getsize(run.body_file)
        figures, output = self.watch(["h2load", "-c", str(run.connections), "-m", str(run.streams),
                                       "-n", str(pages)] + HEADERS + [run.url(0)], pages)
        if (f" {pages} succeeded, 0 failed, 0 errored" not in output
                or f"status codes: {pages} 2xx" not in output
                or f" ({pages * size}) data" not in output):
            raise Failed("h2load: not every page is whole: " + output[-500:])
        return figures

    def _wrk(self, run):
        seconds = max(1, round(run.pages / WRK_PAGES_A_SECOND))
        figures, output = self.watch(["wrk", "-t1", f"-c{run.connections}", f"-d{seconds}"]
                                      + HEADERS + [run.url(0)], r"(\d+) requests in ")
        if "Socket errors" in output or "Non-2xx" in output:
            raise Failed("wrk: not every page is whole: " + output[-500:])
        return figures

    def _wget2(self, run):
        urls = f"{self.dir}/urls"
        with open(urls, "w", encoding="ascii") as file:
            file.writelines(f"{url}\n" for url in run.urls())
        figures, _ = self.watch(["wget2", "-q", "--no-hsts", f"--max-threads={run.connections}",
                                  "-i", urls, "-O", "/dev/null"], run.pages)
        return figures
