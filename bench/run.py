#!/usr/bin/env python3
"""Measures the library beside other ways to fetch the same pages, and prints the figures.

nginx runs on one core, the client that is measured on another; each case is repeated in rounds,
every client once in each, so that what disturbs the machine disturbs them alike.  The figures are
medians over the rounds, and a ratio is the ratio of two medians.  CPU is user and system time of
the client.  Environment: BENCH_PAGES (pages a run, default 40000), BENCH_ROUNDS (default 5).
"""

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import report
from clients import Clients, Failed, Run
from server import MODULE, Server

FILES = 20000  # descriptors: 16,000 connections and some


class Case:
    """One set of pages, and the clients that fetch it, each with its share of `pages`: what is slow
    and not what a target is about gets a part of them, the figures being per page."""

    def __init__(self, title, location, connections, shares, pages=None, sample_ms=0):
        self.title, self.location, self.connections = title, location, connections
        self.shares, self.fixed_pages, self.sample_ms = shares, pages, sample_ms

    def pages(self, client, pages):
        """How many pages a client fetches in one run, of BENCH_PAGES."""
        return self.fixed_pages or max(self.connections, int(pages * self.shares[client]))


CASES = {
    "a": Case("10 KiB pages, 64 connections", "10k", 64,
              {"floor": 1, "pf": 1, "curl_multi": 1, "curl -Z": 1 / 4, "aiohttp": 1 / 4,
               "wget2": 1 / 4}),
    "b": Case("10 KiB pages, 1,000 connections", "10k", 1000,
              {"floor": 1, "pf": 1, "curl_multi": 1, "curl -Z": 1 / 4, "aiohttp": 1 / 4}),
    "c": Case("100 KiB pages, 64 connections", "100k", 64,
              {"floor": 1 / 4, "pf": 1 / 4, "curl_multi": 1 / 4, "curl -Z": 1 / 8,
               "aiohttp": 1 / 8}),
    "d": Case("8,000 pages of 10 KiB that take 1 s each, all in flight", "wait", 8000,
              {"floor": 1, "pf": 1, "curl_multi": 1, "aiohttp": 1}, pages=8000, sample_ms=900),
}


def busy_s():
    """CPU time that all of the machine's processes have used."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def tell(text):
    """Says on a terminal how far the measurement has come."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class Measurement:
    """The server, the clients, and all that has been measured so far."""

    def __init__(self, server, clients, pages, rounds):
        self.server, self.clients, self.pages, self.rounds = server, clients, pages, rounds
        self.others_s = self.wall_s = 0.0

    def once(self, name, case):
        """Runs a client once; returns its figures."""
        server = self.server
        run = Run(server.next_port(), case.location, case.pages(name, self.pages), case.connections,
                  server.body_file(case.location), case.sample_ms)
        server.settle()
        accepted, requests, _ = server.counts()
        server_cpu, busy, start_s = server.cpu_s(), busy_s(), time.monotonic()
        figures = self.clients.run(name, run)
        self.wall_s += time.monotonic() - start_s
        busy, server_cpu = busy_s() - busy, server.cpu_s() - server_cpu
        accepted_after, requests_after, _ = server.counts()
        figures["accepted"] = accepted_after - accepted - 1
        figures["server_us_per_page"] = server_cpu * 1e6 / run.pages
        if "waiting_bytes" in figures:
            figures["waiting_kib"] = figures["waiting_bytes"] / 1024
        requests = requests_after - requests - 1
        if requests != run.pages:
            raise Failed(f"{name}: {requests} requests for {run.pages} pages")
        self.others_s += max(0.0, busy - server_cpu - figures["cpu_s"])
        return figures

    def case(self, letter, names):
        """All rounds of a case; returns the figures of each client's rounds by name."""
        case = CASES[letter]
        results = {name: [] for name in case.shares if name in names}
        for number in range(self.rounds):
            for name, figures in results.items():
                tell(f"case {letter}, round {number + 1} of {self.rounds}: {name}")
                figures.append(self.once(name, case))
        tell("")
        return results

    def forms(self, names):
        """What each client sends for 200 pages over 8 connections."""
        forms = {}
        for name in names:
            self.clients.run(name, Run(self.server.form_port, "10k", 200, 8,
                                       self.server.body_file("10k")))
            forms[name] = self.server.take_form_log()
        return forms


def version(command, pattern):
    """The version that a command tells, or nothing."""
    if not shutil.which(command[0]):
        return ""
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, told.stdout + told.stderr)
    return found.group(1) if found else ""


def machine(clients):
    """Lines that say what was measured on, and with which versions."""
    with open("/proc/cpuinfo", encoding="ascii") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())
    versions = {
        "nginx": version(["nginx", "-v"], r"nginx/(\S+)"),
        "libcurl": version(["curl", "-V"], r"libcurl/(\S+)"),
        "curl": version(["curl", "-V"], r"curl (\S+)"),
        "wget2": version(["wget2", "-V"], r"Wget2 (\S+)"),
        "aiohttp": version([clients.python or "python3", "-c",
                            "import aiohttp; print('v', aiohttp.__version__)"], r"v (\S+)"),
        "Python": platform.python_version(),
        "gcc": version(["gcc", "--version"], r"(\d+\.\d+\.\d+)"),
    }
    return [f"Machine: {model.group(1) if model else platform.machine()}, "
            f"{os.cpu_count()} cores, Linux {platform.release()}.",
            "Versions: " + ", ".join(f"{name} {text}" for name, text in versions.items() if text)
            + "."]


def document(measurement, clients, results, forms):
    """The whole report."""
    share = measurement.others_s / max(measurement.wall_s, 1e-9) / os.cpu_count()
    parts = ["# Speed", "\n".join(machine(clients)),
             f"Medians of {measurement.rounds} rounds.  While the clients ran, other processes had "
             f"{share:.0%} of the machine's CPU time."]
    for name, remedy in clients.missing.items():
        parts.append(f"Not measured: {name} (Debian: apt-get install {remedy}).")
    for letter, rounds in results.items():
        parts.append(f"## ({letter}) {CASES[letter].title}")
        if CASES[letter].sample_ms:
            parts.append(report.table(report.WAITING_HEAD, report.waiting_rows(rounds)))
        else:
            parts.append(report.table(report.CASE_HEAD, report.case_rows(rounds)))
    if any(letter in results and "curl -Z" in results[letter] for letter in "ab"):
        parts.append("curl -Z and wget2 throw the pages away (`-o /dev/null`), and their CPU time "
                     "includes their start; curl opens at most 300 connections.")
    parts += ["## What each client sends", report.form_table(forms),
              "## Targets", report.targets_table(results),
              "The last column is what raw epoll without a parser reaches in the same run."]
    return "\n\n".join(parts) + "\n"


def prepare():
    """The server's and the client's core; ends the program where the machine cannot do it."""
    for path, remedy in ((shutil.which("nginx"), "nginx"), (shutil.which("taskset"), "util-linux"),
                         (os.path.exists(MODULE), "libnginx-mod-http-echo")):
        if not path:
            sys.exit(f"bench: {remedy} is missing (Debian: apt-get install {remedy})")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("bench: two cores are needed, one for the server and one for the client")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard not in (resource.RLIM_INFINITY,) and hard < FILES:
        sys.exit(f"bench: {FILES} open files are needed, the limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    return cores[0], cores[1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default="bench", help="directory of the built clients")
    parser.add_argument("--cases", default="abcd", help="which of a, b, c and d")
    parser.add_argument("--clients", help="names, separated by commas; default: all")
    parser.add_argument("--output", help="write the report to this file too")
    return parser.parse_args()


def main():
    args = arguments()
    server_core, client_core = prepare()
    pages = int(os.environ.get("BENCH_PAGES", "40000"))
    rounds = int(os.environ.get("BENCH_ROUNDS", "5"))
    with tempfile.TemporaryDirectory(prefix="pfetch-bench-") as directory, \
            Server(directory, server_core, FILES) as server:
        clients = Clients(args.programs, directory, client_core)
        names = [name for name in (args.clients or ",".join(CASES["a"].shares)).split(",")
                 if name not in clients.missing]
        measurement = Measurement(server, clients, pages, rounds)
        try:
            forms = measurement.forms(names)
            measurement.once("floor", CASES["d"])  # the server's memory is warm after that
            results = {letter: measurement.case(letter, names) for letter in args.cases}
        except Failed as failure:
            sys.exit(f"bench: {failure}")
        text = document(measurement, clients, results, forms)
    print(text, end="")
    if args.output:
        with open(args.output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
