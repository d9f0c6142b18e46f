"""The cases: which pages are fetched, in what way, and by which clients.

A letter stands for a group of cases that are measured together, round by round, so that they can be
compared with each other too.
"""


class Case:
    """One set of pages, and the clients that fetch it, each with its share of BENCH_PAGES: what is
    slow and not what a target is about gets a part of them, the figures being per page."""

    def __init__(self, title, location, connections, shares, **ways):
        self.title, self.location, self.connections = title, location, connections
        self.shares = shares
        self.streams = ways.get("streams", 0)      # on each connection, over HTTP/2
        self.tls = ways.get("tls", False)
        self.fixed_pages = ways.get("pages")       # whatever BENCH_PAGES says
        self.sample_ms = ways.get("sample_ms", 0)  # when memory is looked at
        self.rounds_max = ways.get("rounds_max")   # of those that take long
        self.base = ways.get("base", "floor")      # the client that others are compared with

    def in_flight(self):
        """Calls at a time."""
        return self.connections * max(self.streams, 1)

    def pages(self, client, pages):
        """How many pages a client fetches in one run, of BENCH_PAGES."""
        return self.fixed_pages or max(self.in_flight(), int(pages * self.shares[client]))


def over_h2(size, location, share):
    """Pages of one size over HTTP/2; h2load throws them away."""
    return Case(f"{size} pages, HTTP/2 over TLS, 4 connections × 64 streams", location, 4,
                {"h2load": share, "pf": share, "curl_multi": share / 2},
                streams=64, tls=True, base="h2load")


def waiting(pages, location, title, connections, **ways):
    """Pages that take their time, all in flight."""
    return Case(f"{title}, HTTP/2 over TLS, at most {connections} connections", location,
                connections, {"pf": 1}, pages=pages, streams=1000, tls=True, base="pf", **ways)


def targets(number, rounds_max=None):
    """One more point of the curve from few targets to many."""
    return Case(f"{number:,} targets", "1k", 64, {"floor": 1, "pf": 1}, pages=number,
                rounds_max=rounds_max)


def in_flight(connections, share):
    """One more point of the curve from few calls in flight to many."""
    return Case(f"{connections:,} in flight", "1k", connections, {"floor": share, "pf": share})


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
    "e1": over_h2("1 KiB", "1k", 1),
    "e10": over_h2("10 KiB", "10k", 1 / 2),
    "e100": over_h2("100 KiB", "100k", 1 / 8),
    "f": Case("10 KiB pages, HTTP/1.1 over TLS, 64 connections", "10k", 64,
              {"wrk": 1 / 2, "pf": 1 / 2, "curl_multi": 1 / 4}, tls=True, base="wrk"),
    "g10": waiting(10000, "wait", "10,000 pages of 10 KiB that take 1 s each, all in flight", 20,
                   sample_ms=900),
    "g100": waiting(100000, "wait5", "100,000 pages of 10 KiB that take 5 s each, all in flight",
                    200, sample_ms=4800),
}

# The curves: cost per page as the number of targets grows, and as that of calls in flight does.
TARGETS = [10000, 100000, 1000000]
TARGETS_LONG = 10000000
IN_FLIGHT = {1: 1 / 4, 10: 1 / 2, 100: 1 / 2, 1000: 1, 10000: 4}  # and the share of BENCH_PAGES

CASES.update((f"hn{number}", targets(number, max(1, 200000 // number)))
             for number in TARGETS)
CASES.update((f"hc{number}", in_flight(number, share)) for number, share in IN_FLIGHT.items())


def add_long():
    """The point that takes minutes, on request."""
    CASES[f"hn{TARGETS_LONG}"] = targets(TARGETS_LONG, 1)


def names_of(letter):
    """The names of a letter's cases."""
    return [name for name in CASES if name[0] == letter]


LETTERS = "".join(dict.fromkeys(name[0] for name in CASES))
