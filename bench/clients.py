"""The clients that are measured: how each is started, and the result it comes back with.

The C clients and aio.py print a line of name=value pairs themselves, with clocks that start after
they have been loaded.  curl and wget2 are run by `watch`, which prints what the whole process took,
and are told to throw the pages away: they never hold them, which is in their favour.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CURL_PARALLEL_MAX = 300  # curl takes no more before its version 8


class Failed(Exception):
    """A client did not do its job; says why."""


class Run:
    """What one run of a client is to do."""

    def __init__(self, port, location, pages, connections, body_file, sample_ms=0):
        self.port, self.location, self.pages = port, location, pages
        self.connections, self.body_file, self.sample_ms = connections, body_file, sample_ms

    def urls(self):
        target = "https%3A%2F%2Fexample.com%2F"
        start = f"http://127.0.0.1:{self.port}/{self.location}?auth_key=demo&url={target}"
        return [f"{start}{number:07d}" for number in range(self.pages)]

    def options(self):
        options = ["-p", self.port, "-l", self.location, "-n", self.pages, "-c", self.connections,
                   "-b", self.body_file]
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
                ("wget2", shutil.which("wget2"), "wget2")):
            if not there:
                self.missing[name] = remedy

    def program(self, name):
        return f"{self.programs}/{name}"

    def run(self, name, run):
        """Runs a client; returns its figures, as numbers by name."""
        if name == "curl -Z":
            return self._curl(run)
        if name == "wget2":
            return self._wget2(run)
        if name == "aiohttp":
            return self._call([self.python, f"{HERE}/aio.py"] + run.options())
        return self._call([self.program(name)] + run.options())

    def _call(self, command):
        done = subprocess.run(self.pin + command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{os.path.basename(command[0])}: exit status {done.returncode}: "
                         f"{(done.stderr + done.stdout).strip()[:500]}")
        pairs = [pair.partition("=") for pair in done.stdout.split()]
        return {name: float(value) for name, _, value in pairs if name != "name"}

    def _watch(self, command, run):
        """Runs a tool; returns its figures and what it wrote to standard output."""
        output = f"{self.dir}/output"
        figures = self._call([self.program("watch"), output] + command)
        figures["pages"] = run.pages
        figures["us_per_page"] = figures["cpu_s"] * 1e6 / run.pages
        return figures, output

    def _curl(self, run):
        config = f"{self.dir}/curl.config"
        with open(config, "w", encoding="ascii") as file:
            file.write('write-out = "%{http_code} %{size_download}\\n"\n')
            file.writelines(f'url = "{url}"\noutput = "/dev/null"\n' for url in run.urls())
        parallel = min(run.connections, CURL_PARALLEL_MAX)
        figures, output = self._watch(["curl", "-q", "-Z", "--parallel-max", str(parallel), "-s",
                                       "--no-progress-meter", "-K", config], run)
        with open(output, encoding="ascii") as file:
            lines = file.read().splitlines()
        size = os.path.getsize(run.body_file)
        if lines != [f"200 {size}"] * run.pages:
            raise Failed("curl -Z: not every page is whole")
        figures["body_bytes"] = run.pages * size
        return figures

    def _wget2(self, run):
        urls = f"{self.dir}/urls"
        with open(urls, "w", encoding="ascii") as file:
            file.writelines(f"{url}\n" for url in run.urls())
        figures, _ = self._watch(["wget2", "-q", "--no-hsts", f"--max-threads={run.connections}",
                                  "-i", urls, "-O", "/dev/null"], run)
        return figures
