"""The report: one page that stands alone, says what the records say, and looks right in a browser.

The browser is Chromium, asked through its debugging pipe; without one, what it would show is skipped
and the page is only read.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403
import re
import select
import xml.etree.ElementTree as ElementTree

EVIL = "https://<script>alert(1)<\\script>\"'&amp;]]>.example.com/</title><img src=x onerror=alert(2)>"
SLOW = "https://example.com/" + "p" * 3000
BEGIN_S = 1764140000  # 2025-11-26T06:53:20Z

# Whatever else is in the page came from somebody else.
ELEMENTS = set("html head meta title style body header h1 h2 h3 p main dl div dt dd section i table "
               "thead tbody tr th td span figure figcaption ul li svg path g rect code details "
               "summary footer script".split())


def record(index, url, ended_ms, outcome="ok", status=200, elapsed_ms=300, cost=None, **more):
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ended_ms // 1000))
    costs = {} if cost is None else {"cost": cost}
    return json.dumps({"index": index, "url": url, "outcome": outcome, "status": status,
                       "api_status": 200, "bytes": 1000, "attempts": 1, **costs, "queued_ms": 5,
                       "elapsed_ms": elapsed_ms, "fetched_at": f"{moment}.{ended_ms % 1000:03}Z",
                       **more}, separators=(",", ":")) + "\n"


def outputs():
    """Runs of all kinds: name and records."""
    at = BEGIN_S * 1000
    yield "zero", ""
    yield "one", record(0, "https://example.com/", at)
    yield "failed", "".join(
        record(i, f"https://h{i % 7}.example.com/{i}", at + 400 * i, "timeout blocked network "
               "provider_error throttled target_error too_large".split()[i % 7], 0,
               50 + i * 997 % 60000) for i in range(300))
    yield "days", "".join(
        record(i, f"https://h{i * 7919 % 3001}.example.org/{i}", at + 90000 * i,
               "blocked" if i % 33 == 0 else "ok", elapsed_ms=100 + i * i % 90001, cost=1 + i % 25)
        for i in range(12000))
    yield "hostile", "".join(
        record(i, EVIL + str(i), at + 100 * i, "ok" if i % 3 else "blocked", elapsed_ms=100 + i)
        for i in range(400)) + record(400, SLOW, at + 50000, "timeout", 0, 61000) + \
        record(401, f"https://{'verylonghost' * 20}.example.com/", at + 50000, "timeout", 0, 60000)


def read_page(what, name):
    """The page as a tree, checked to be whole, to stand alone and to have no marks but its own."""
    page = read(name).decode()
    check(f"{what}: stands alone", "url(" not in page and "src=" not in
          page.replace("img src=x", "") and "href=" not in page, page[:500])
    try:
        tree = ElementTree.fromstring(page)
    except ElementTree.ParseError as error:
        check(f"{what}: is well-formed", False, str(error))
        return ElementTree.Element("html")
    equal(f"{what}: is well-formed, and all marks are its own",
          {e.tag for e in tree.iter()} - ELEMENTS, set())
    equal(f"{what}: nothing in it acts",
          [(e.tag, a) for e in tree.iter() for a in e.attrib if a.startswith("on")], [])
    equal(f"{what}: one script, its own", len(list(tree.iter("script"))), 1)
    return tree


def words(tree):
    return " ".join(" ".join(tree.find("body").itertext()).split()) if tree.find("body") else ""


# ---------------------------------------------------------------- the page --

def of_records():
    for name, lines in outputs():
        write(f"{name}.jsonl", lines)
        done = run("--report", path(f"{name}.html"), path(f"{name}.jsonl"))
        count = len(lines.splitlines())
        equal(f"{name}: exit 0", (done.code, done.out), (0, b""))
        check(f"{name}: says what it did", f"the report on {count:,} page" in done.err.decode(),
              done.err)
        said = words(read_page(name, f"{name}.html"))
        check(f"{name}: how many pages", "No pages" in said if count == 0 else
              f"{count:,} page" in said, said[:200])
    said = words(read_page("hostile", "hostile.html"))
    check("hostile: a URL stands there as it is", EVIL in said.replace("\ufffd", ""), said[-900:])
    check("hostile: a long one is cut", "p" * 400 + "…" in said and "p" * 600 not in said)


def of_outputs():
    """Every form of output gives the same page, but for its name."""
    write("list", "".join(f"https://h{i % 5}.example.com/{i}\n" for i in range(200)) +
          "https://h9.example.org/?sandbox=error\nnothing\n")
    pages = {}
    for name in ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "pages/", "a.warc", "b.warc.gz",
                 "rolled.warc"):
        done = run("--sandbox", "--retries", "0", "-c", "20", "-i", path("list"), "-o", path(name),
                   *(("--roll-size", "500k") if name == "rolled.warc" else ()))
        equal(f"{name}: is fetched", done.code, 1)
        done = run("--report", path("page.html"), "-o", path(name))
        equal(f"{name}: exit 0", done.code, 0)
        said = words(read_page(name, "page.html"))
        check(f"{name}: all records", "202 pages in" in said and "2 of them not ok" in said, said)
        pages[name] = said
    done = run("--report", path("all.html"), path("a.jsonl"), path("a.jsonl.gz"), path("pages"))
    said = words(read_page("several", "all.html"))
    check("several outputs: one page", "606 pages" in said and "and 2 more" in said, said[:300])
    files = sorted(name for name in os.listdir(work) if name.startswith("rolled-"))
    check("an archive of several files", len(files) >= 3, files)
    done = run("--report", path("page.html"), path("rolled.warc"), *map(path, files))
    check("each of them named: none twice", "on 202 pages" in done.err.decode(), done.err)
    done = run("--report", path("page.html"), path(files[-1]))
    check("the last one alone", done.code == 0 and "on 202 pages" not in done.err.decode(), done.err)
    os.rename(path(files[0]), path("aside"))
    done = run("--report", path("page.html"), path("rolled.warc"))
    equal("without one of them: exit 2", done.code, 2)
    check("and a sentence", b"before the last is missing" in done.err, done.err)
    os.rename(path("aside"), path(files[0]))
    done = run("--report", path("page.html"), "/dev/stdin", given=read("a.jsonl"))
    equal("a pipe", done.code, 0)
    check("a pipe: all records", "202 pages in" in words(read_page("a pipe", "page.html")))
    for name in ("a.jsonl.gz", "a.warc", "b.warc.gz"):
        torn = read(name)
        write("torn-" + name, torn[:len(torn) * 2 // 3])
        done = run("--report", path("page.html"), path("torn-" + name))
        equal(f"a torn {name}: what is whole", done.code, 0)
        count = int(re.search(rb"on (\d+) page", done.err).group(1))
        check(f"a torn {name}: a part", 50 < count < 202, count)
        read_page("a torn output", "page.html")
    write("damaged.warc", read("a.warc").replace(b"WARC-Type: metadata", b"WARC-Type: metedata", 150)
          .replace(b"WARC-Type: metedata", b"WARC-Type: metadata", 149))
    done = run("--report", path("page.html"), path("damaged.warc"))
    check("a damaged archive: what stands before", done.code == 0 and
          b"damaged before its end" in done.err and b"on 149 pages" in done.err, done.err)


def of_a_run():
    done = run("--sandbox=latency=300ms,limit=5", "--cost-per-call", "2", "-i", path("list"), "-o",
               path("run.jsonl"), "--report", path("run.html"), "--retries", "9", "--limit", "60")
    equal("with targets: a run", (done.code, len(records(read("run.jsonl")))), (0, 60))
    tree = read_page("with targets", "run.html")
    said = words(tree)
    check("it knows the limit over time", "Calls in flight, and their limit" in said, said[:3000])
    check("and the cost", "Credits 120 2 a page that is ok" in said, said[:600])
    done = run("--sandbox", "--report", path("piped.html"), "-i", "-", given=b"https://x.test/\n")
    equal("a run to standard output", (done.code, len(records(done.out))), (0, 1))
    check("is called so", "standard output" in words(read_page("piped", "piped.html")))


def greatest_memory(lines):
    """KiB that drawing so many records has taken when nearly all are read."""
    at = BEGIN_S * 1000
    process = start("--report", path("many.html"), "/dev/stdin")
    for i in range(lines):
        process.stdin.write(record(i, f"https://h{i % 5003}.example.com/{i}", at + 40 * i).encode())
    process.stdin.flush()
    with open(f"/proc/{process.pid}/status") as f:
        peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
    done = end(process)
    equal(f"{lines:,} records: exit 0", done.code, 0)
    check(f"{lines:,} records: all of them", f"on {lines:,} pages" in done.err.decode(), done.err)
    return peak


def in_constant_memory():
    if not os.path.exists("/proc/self/status"):
        skip("no /proc: memory")
        return
    few, many = greatest_memory(10000), greatest_memory(120000)
    check("twelve times the records take no more memory", many < few + 2048, (few, many))


def refused():
    write("other.jsonl", "a\nb\n")
    before = sorted(os.listdir(work))
    for what, code, args in (
            ("no such output", 2, ("-o", path("nowhere.jsonl"))),
            ("no output of pfetch", 2, (path("other.jsonl"),)),
            ("nothing to draw", 2, ()),
            ("an output twice", 2, (path("a.jsonl"), "-o", path("a.jsonl"))),
            ("a summary of no run", 2, (path("a.jsonl"), "--summary", path("s"))),
            ("the output itself", 2, ("-o", path("new.html"))),
            ("an output and a URL", 2, (path("a.jsonl"), "https://example.com/", "--sandbox"))):
        done = run("--report", path("new.html"), *args)
        equal(f"{what}: exit {code}", done.code, code)
        check(f"{what}: a sentence", done.err.startswith(b"pfetch: ") and len(done.err) < 600,
              done.err)
    done = run("--report", path("nowhere/new.html"), path("a.jsonl"))
    equal("a place that cannot be written: exit 4", done.code, 4)
    done = run("--sandbox", "--report", path("nowhere/new.html"), "https://example.com/")
    equal("before a run: exit 2, nothing sent", (done.code, done.out), (2, b""))
    if os.path.exists("/dev/full"):
        done = run("--report", "/dev/full", path("a.jsonl"))
        equal("a full disk: exit 4", done.code, 4)
    equal("nothing is left behind", sorted(os.listdir(work)), before)


# ---------------------------------------------------------------- the browser --

class Browser:
    """Chromium without a window, asked through its debugging pipe (JSON, each with a NUL)."""

    def __init__(self, program):
        theirs_in, self.out = os.pipe()
        self.inp, theirs_out = os.pipe()

        def places():
            os.dup2(theirs_in, 1000)
            os.dup2(theirs_out, 1001)
            os.dup2(1000, 3)
            os.dup2(1001, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking",
             f"--user-data-dir={path('browser')}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=places, env={**os.environ, "HOME": work})
        os.close(theirs_in)
        os.close(theirs_out)
        self.buffer, self.count, self.events, self.session = b"", 0, [], None
        target = [t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page"][0]
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"],
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def next(self):
        while b"\0" not in self.buffer:
            if not select.select([self.inp], [], [], HANG_S)[0]:
                raise RuntimeError("the browser hangs")
            piece = os.read(self.inp, 1 << 20)
            if not piece:
                raise RuntimeError("the browser ended")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def show(self, name, width, scheme="light"):
        """Opens a page, and waits until it is laid out."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme",
                                                          "value": scheme}])
        self.events.clear()
        self.ask("Page.navigate", url="file://" + path(name))
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.next())

    def said(self):
        """What went wrong with the page shown last, and what it loaded beside itself."""
        return [e for e in self.events if e.get("method") in
                ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                 "Page.javascriptDialogOpening") or
                (e.get("method") == "Network.requestWillBeSent" and
                 not e["params"]["request"]["url"].endswith(".html"))]

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def close(self):
        try:
            self.ask("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# Pairs of labels of one axis that overlap, and what sticks out of the page or of its card.
LAYOUT = """(function () {
    var found = [], wide = document.documentElement.clientWidth;
    function seen(e) { var r = e.getBoundingClientRect(); return r.width && r.height ? r : null; }
    if (document.documentElement.scrollWidth > wide)
        found.push('page ' + document.documentElement.scrollWidth + ' > ' + wide);
    document.querySelectorAll('.xs, .ys').forEach(function (axis) {
        var all = Array.from(axis.children).map(seen);
        all.forEach(function (a, i) { all.forEach(function (b, k) {
            if (a && b && i < k && a.left < b.right && b.left < a.right && a.top < b.bottom &&
                b.top < a.bottom)
                found.push(axis.className + ' ' + axis.textContent);
        }); });
        all.forEach(function (a) {
            var card = axis.closest('.card').getBoundingClientRect();
            if (a && (a.left < card.left || a.right > card.right || a.bottom > card.bottom))
                found.push('out of the card: ' + axis.textContent);
        });
    });
    document.querySelectorAll('.card').forEach(function (card) {
        var r = seen(card);
        if (!r || r.right > wide + 1 || r.height < 40) found.push('card ' + card.textContent);
    });
    return found.slice(0, 5);
})()"""


def in_browser():
    program = next((p for p in map(shutil.which, ("chromium", "chromium-browser",
                                                  "google-chrome")) if p), None)
    if not program:
        skip("chromium is not installed: what the page looks like")
        return
    browser = Browser(program)
    names = [name for name, _ in outputs()] + ["run", "all"]
    for name in names:
        said = []
        for width, scheme in ((320, "dark"), (390, "light"), (760, "light"), (1000, "dark"),
                              (1500, "light")):
            browser.show(f"{name}.html", width, scheme)
            equal(f"{name}, {width} wide, {scheme}: nothing overlaps or sticks out",
                  browser.value(LAYOUT), [])
            said += browser.said()
        equal(f"{name}: nothing else is loaded, and nothing is wrong", said, [])
    browser.show("days.html", 1000, "light")
    light = browser.value("getComputedStyle(document.body).backgroundColor")
    browser.show("days.html", 1000, "dark")
    dark = browser.value("getComputedStyle(document.body).backgroundColor")
    check("light and dark differ", light != dark, (light, dark))
    point = browser.value("(function () { var r = document.querySelector('#rate .hits rect:nth-child("
                          "20)').getBoundingClientRect(); return [r.left + r.width / 2, r.top + 9]; "
                          "})()")
    browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=point[0], y=point[1])
    tip = browser.value("(function () { var t = document.querySelector('.tip'); return t.hidden ? "
                        "'' : t.textContent; })()")
    check("the step under the pointer is told", "pages" in tip and "not ok" in tip and
          "\ufffd" not in tip, tip)
    pdf = base64.b64decode(browser.ask("Page.printToPDF")["data"])
    check("it prints", pdf.startswith(b"%PDF") and len(pdf) > 10000, len(pdf))
    browser.close()


of_records()
of_outputs()
of_a_run()
in_constant_memory()
refused()
in_browser()
finish()
