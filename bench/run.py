#!/usr/bin/env python3
"""Measures the library beside other ways to fetch the same pages, and prints the figures.

nginx runs on one core, the client that is measured on another; each case is repeated in rounds,
every client once in each, so that what disturbs the machine disturbs them alike.  The figures are
medians over the rounds, and a ratio is the ratio of two medians.  CPU is user and system time of
the client.  Environment: BENCH_PAGES (pages a run, default 40000), BENCH_ROUNDS (default 5),
BENCH_LONG (if set, ten million targets too).
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
from cases import CASES, LETTERS, add_long, names_of
from clients import Clients, Failed, Run, warm
from server import MODULE, TLS, Server

TLS_CLIENTS = ("pf", "h2load", "wrk", "curl_multi")
FILES = 20000  # descriptors: 16,000 connections and some
HELD = 16384   # bytes for a page in flight: more than most clients and the kernel hold for it


REMARK = """curl -Z, wget2, h2load and wrk throw the pages away, and their CPU time includes their
start; curl opens at most 300 connections; h2load and wrk ask for one target again and again."""


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
        run = Run(server.next_port(case.tls, case.streams), case.location,
                  case.pages(name, self.pages), case.connections,
                  server.body_file(case.location), streams=case.streams,
                  ca_file=server.ca_file if case.tls else None, sample_ms=case.sample_ms)
        if case.sample_ms:
            warm(run.pages * HELD)
        server.settle()
        accepted, requests, _ = server.counts()
        server_cpu, busy, start_s = server.cpu_s(), busy_s(), time.monotonic()
        figures = self.clients.run(name, run)
        self.wall_s += time.monotonic() - start_s
        busy, server_cpu = busy_s() - busy, server.cpu_s() - server_cpu
        accepted_after, requests_after, _ = server.counts()
        figures["accepted"] = accepted_after - accepted - 1
        figures["server_us_per_page"] = server_cpu * 1e6 / figures["pages"]
        if "waiting_bytes" in figures:
            figures["waiting_kib"] = figures["waiting_bytes"] / 1024
        requests = requests_after - requests - 1
        cut_off = requests - figures["pages"]  # by a client that ends with time, not with pages
        if not 0 <= cut_off <= (case.connections if name == "wrk" else 0):
            raise Failed(f"{name}: {requests} requests for {figures['pages']:.0f} pages")
        self.others_s += max(0.0, busy - server_cpu - figures["cpu_s"])
        return figures

    def group(self, letter, names):
        """All rounds of a letter's cases; returns, by the case's name, the figures of each client's
        rounds by its name."""
        results = {case: {name: [] for name in CASES[case].shares if name in names}
                   for case in names_of(letter)}
        for number in range(self.rounds):
            for case, clients in results.items():
                if number >= (CASES[case].rounds_max or self.rounds):
                    continue
                for name, figures in clients.items():
                    tell(f"case {case}, round {number + 1} of {self.rounds}: {name}")
                    figures.append(self.once(name, CASES[case]))
        tell("")
        return results

    def forms(self, names, tls=False):
        """What each client sends for 200 pages over 8 connections, or 2 of 4 streams with TLS."""
        server, forms = self.server, {}
        for name in names:
            body = server.body_file("10k")
            run = (Run(server.form_tls_port, "10k", 200, 2, body, streams=0 if name == "wrk" else 4,
                       ca_file=server.ca_file)
                   if tls else Run(server.form_port, "10k", 200, 8, body))
            self.clients.run(name, run)
            forms[name] = server.take_form_log()
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
        "h2load": version(["h2load", "--version"], r"nghttp2/(\S+)"),
        "wrk": version(["wrk", "-v"], r"wrk \S*?/?(\d\S*)"),
        "OpenSSL": version(["openssl", "version"], r"OpenSSL (\S+)"),
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
             f"{share:.0%} of the machine's CPU time.  TLS: {TLS}."]
    for name, remedy in clients.missing.items():
        parts.append(f"Not measured: {name} (Debian: apt-get install {remedy}).")
    for name, rounds in results.items():
        case = CASES[name]
        if name[0] == "h" or not any(rounds.values()):
            continue
        parts.append(f"## ({name}) {case.title}")
        if case.sample_ms:
            parts.append(report.table(report.WAITING_HEAD, report.waiting_rows(rounds)))
        else:
            parts.append(report.table(report.case_head(case.base),
                                      report.case_rows(rounds, case.base)))
    for prefix, title in (("hn", "the number of targets"), ("hc", "the number of calls in flight")):
        points = [(CASES[name].title, rounds) for name, rounds in results.items()
                  if name.startswith(prefix)]
        if points and all(all(rounds.values()) for _, rounds in points):
            parts += [f"## (h) Cost per page over {title}, 1 KiB pages, HTTP/1.1",
                      report.table(report.CURVE_HEAD, report.curve_rows(points))]
    parts += [REMARK, "## What each client sends"]
    parts += [report.form_table(kind) for kind in forms if kind]
    parts += ["## Targets", report.targets_table(results),
              "The last column is what raw epoll without a parser reaches in the same run."]
    return "\n\n".join(parts) + "\n"


def prepare():
    """The server's and the client's core; ends the program where the machine cannot do it."""
    for path, remedy in ((shutil.which("nginx"), "nginx"), (shutil.which("taskset"), "util-linux"),
                         (shutil.which("openssl"), "openssl"), (os.path.exists(MODULE), "libnginx-mod-http-echo")):
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
    parser.add_argument("--cases", default=LETTERS, help=f"which of the letters {LETTERS}")
    parser.add_argument("--clients", help="names, separated by commas; default: all")
    parser.add_argument("--output", help="write the report to this file too")
    return parser.parse_args()


def main():
    args = arguments()
    server_core, client_core = prepare()
    if os.environ.get("BENCH_LONG"):
        add_long()
    pages = int(os.environ.get("BENCH_PAGES", "40000"))
    rounds = int(os.environ.get("BENCH_ROUNDS", "5"))
    with tempfile.TemporaryDirectory(prefix="pfetch-bench-") as directory, \
            Server(directory, server_core, FILES) as server:
        clients = Clients(args.programs, directory, client_core)
        known = list(dict.fromkeys(name for case in CASES.values() for name in case.shares))
        names = [name for name in (args.clients.split(",") if args.clients else known)
                 if name not in clients.missing]
        measurement = Measurement(server, clients, pages, rounds)
        try:
            forms = [measurement.forms([name for name in names if name in CASES["a"].shares]),
                     measurement.forms([name for name in names if name in TLS_CLIENTS], tls=True)]
            measurement.once("floor", CASES["d"])  # the server's memory is warm after that
            results = {}
            for letter in args.cases:
                results.update(measurement.group(letter, names))
        except Failed as failure:
            sys.exit(f"bench: {failure}")
        text = document(measurement, clients, results, forms)
    print(text, end="")
    if args.output:
        with open(args.output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
