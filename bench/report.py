"""What was measured, as Markdown tables that also read well on a terminal."""

from statistics import median


def table(head, rows):
    """A Markdown table with aligned columns: the first to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]

    def line(cells):
        aligned = [cell.ljust(width) if not i else cell.rjust(width)
                   for i, (cell, width) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(aligned) + " |"

    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([line(head), "| " + " | ".join(rule) + " |"] + [line(row) for row in rows])


def spread(values, digits):
    return f"{min(values):.{digits}f} … {max(values):.{digits}f}"


def column(rounds, name):
    return [figures[name] for figures in rounds]


def case_rows(results, base):
    """One row a client; `results` has its rounds' figures by the client's name.  `base` is the one
    that the others are compared with, if it was measured."""
    rows = []
    unit = median(column(results[base], "us_per_page")) if results.get(base) else None
    for name, rounds in results.items():
        cpu = column(rounds, "us_per_page")
        rows.append([
            name, f"{median(cpu):.1f}", spread(cpu, 1),
            f"{median(cpu) / unit:.2f}" if unit else "–",
            f"{median(f['pages'] / f['wall_s'] for f in rounds):,.0f}",
            f"{median(column(rounds, 'peak_rss_kib')) / 1024:.1f}",
            f"{median(column(rounds, 'server_us_per_page')):.1f}",
            f"{rounds[0]['pages']:,.0f}", f"{max(column(rounds, 'accepted')):,.0f}"])
    return rows


def case_head(base):
    return ["client", "CPU µs/page", "min … max", f"× {base}", "pages/s", "peak MiB",
            "server µs/page", "pages", "connections"]


def curve_rows(points):
    """One row a point, of (title, results) each; the first is what the others are compared with."""
    def cost(results, client):
        return median(column(results[client], "us_per_page"))

    first = points[0][1]
    rows = []
    for title, results in points:
        growth = {client: cost(results, client) / cost(first, client) for client in results}
        rows.append([title, f"{cost(results, 'pf'):.2f}", f"{growth['pf']:.2f}",
                     f"{cost(results, 'floor'):.2f}", f"{growth['floor']:.2f}",
                     f"{cost(results, 'pf') / cost(results, 'floor'):.2f}",
                     f"{median(column(results['pf'], 'peak_rss_kib')) / 1024:.1f}",
                     f"{len(results['pf'])}"])
    return rows


CURVE_HEAD = ["", "pf µs/page", "× first", "floor µs/page", "× first", "pf / floor", "pf peak MiB",
              "rounds"]


def waiting_rows(results):
    rows = []
    for name, rounds in results.items():
        wall = column(rounds, "wall_s")
        kib = [f["waiting_bytes"] / 1024 for f in rounds if "waiting_bytes" in f]
        rows.append([
            name, f"{median(wall):.3f}", spread(wall, 3),
            f"{median(kib):.2f}" if kib else "–", spread(kib, 2) if kib else "–",
            f"{min(f.get('waiting', 0) for f in rounds):,.0f}",
            f"{median(column(rounds, 'us_per_page')):.1f}",
            f"{median(column(rounds, 'peak_rss_kib')) / 1024:.1f}",
            f"{max(column(rounds, 'accepted')):,.0f}"])
    return rows


WAITING_HEAD = ["client", "wall s", "min … max", "KiB/waiting page", "min … max", "waiting",
                "CPU µs/page", "peak MiB", "connections"]


def form_table(forms):
    """What each client was seen to send, from the server's log."""
    rows = []
    for name, lines in forms.items():
        lengths = sorted({int(line[0]) for line in lines})
        rows.append([
            name, str(len(lines)), str(len({line[3] for line in lines})),
            f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} … {lengths[-1]}",
            ", ".join(sorted({line[1] for line in lines})),
            ", ".join(sorted({line[2] for line in lines})), lines[0][4]])
    return table(["client", "requests", "connections", "request bytes", "status", "body bytes",
                  "first request"], rows)


class Target:
    """One figure of the library that is asked for, alone or divided by another client's."""

    def __init__(self, case, text, limit, figure="us_per_page", against=None, strictly=False):
        self.case, self.text, self.limit = case, text, limit
        self.figure, self.against, self.strictly = figure, against, strictly

    def of(self, results, client):
        """The median for a client, and the single rounds; None where it, or what it is divided by,
        did not run."""
        rounds = results.get(self.case, {}).get(client)
        base = results.get(self.case, {}).get(self.against) if self.against else None
        if not rounds or (self.against and not base):
            return None
        values = column(rounds, self.figure)
        if not self.against:
            return median(values), values
        divisors = column(base, self.figure)
        return (median(values) / median(divisors),
                [value / divisor for value, divisor in zip(values, divisors)])

    def row(self, results):
        """Its row of the table, or None where a client did not run."""
        ours, floor = self.of(results, "pf"), self.of(results, "floor")
        if not ours:
            return None
        met = ours[0] < self.limit if self.strictly else ours[0] <= self.limit
        return [self.case, self.text, f"{ours[0]:.3f}", spread(ours[1], 3),
                f"{'<' if self.strictly else '≤'} {self.limit:.3f}", "met" if met else "NOT met",
                f"{floor[0]:.3f}" if floor and self.against != "floor" else ""]


class Growth(Target):
    """How much more a page costs in one case than in another."""

    def __init__(self, case, since, text, limit, against=None):
        super().__init__(case, text, limit, against=against)
        self.since = Target(since, "", 0, against=against)

    def of(self, results, client):
        now, before = super().of(results, client), self.since.of(results, client)
        if not now or not before:
            return None
        return now[0] / before[0], [value / first for value, first in zip(now[1], before[1])]


TARGETS = [
    Target("a", "CPU per page / floor", 1.25, against="floor"),
    Target("a", "CPU per page / curl_multi", 0.33, against="curl_multi"),
    Target("a", "CPU per page / aiohttp", 1 / 25, against="aiohttp"),
    Target("b", "CPU per page / floor", 1.5, against="floor"),
    Target("b", "CPU per page / curl_multi", 0.16, against="curl_multi"),
    Target("c", "CPU per page / floor", 1.25, against="floor"),
    Target("d", "wall seconds until the last page", 1.35, "wall_s"),
    Target("d", "KiB per waiting page", 5, "waiting_kib", strictly=True),
    Target("e1", "CPU per page / h2load", 1.25, against="h2load"),
    Target("e1", "CPU per page / curl_multi", 0.4, against="curl_multi"),
    Target("e10", "CPU per page / h2load", 1.25, against="h2load"),
    Target("e10", "CPU per page / curl_multi", 0.4, against="curl_multi"),
    Target("e100", "CPU per page / h2load", 1.25, against="h2load"),
    Target("e100", "CPU per page / curl_multi", 0.4, against="curl_multi"),
    Target("f", "CPU per page / wrk", 1.3, against="wrk"),
    Target("f", "CPU per page / curl_multi", 0.5, against="curl_multi"),
    Target("g10", "wall seconds until the last page", 1.3, "wall_s"),
    Target("g10", "connections", 20, "accepted"),
    Target("g100", "KiB per waiting page", 2.5, "waiting_kib"),
    Target("g100", "connections", 200, "accepted"),
    Growth("g100", "g10", "CPU per page / that of g10", 1.15),
    Growth("hn1000000", "hn10000", "CPU per page / floor / that of 10,000 targets", 1.15, "floor"),
    Growth("hn10000000", "hn10000", "CPU per page / floor / that of 10,000 targets", 1.15,
           "floor"),
    Growth("hc10000", "hc100", "CPU per page / floor / that of 100 in flight", 1.15, "floor"),
    Growth("hc1", "hc100", "CPU per page / floor / that of 100 in flight", 1.15, "floor"),
]


def targets_table(results):
    rows = [row for row in (target.row(results) for target in TARGETS) if row]
    head = ["case", "figure of pf", "median", "rounds", "target", "", "the floor's own"]
    return table(head, rows)
