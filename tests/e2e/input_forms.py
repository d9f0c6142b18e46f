"""Lists in every form, and what arrives at the endpoint of each URL in them: its very bytes."""
import gzip
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

BOM = b"\xef\xbb\xbf"


def arrived(*args, given=b"", code=0):
    """Runs pfetch against an endpoint of our own: the requests, the records by index."""
    with Endpoint() as endpoint:
        done = run(*endpoint.args, "-c", "1", *args, given=given)
        equal(f"exit {code}", done.code, code)
        return endpoint.requests, sorted(records(done.out), key=lambda r: r["index"])


def asked(what, wanted, *args, **more):
    requests, got = arrived(*args, **more)
    equal(what, [r.url for r in requests], wanted)
    return requests, got


# ---------------------------------------------------------------- lists --

def lists():
    one, two, three = (b"https://example.%s/" % t for t in (b"com", b"org", b"net"))
    write("one", one + b"\n")
    write("two", two)  # no line feed at its end
    write("rest", b"https://example.com/rest\n")
    asked("arguments first, then lists in their order", [three, one, two, b"https://a.test/"],
          "-i", "one", "-i", "two", "-i", "-", three.decode(), given=b"https://a.test/\n")
    asked("a pipe without -i is the list", [one, two], given=one + b"\n" + two)
    asked("no final line feed, then another list", [two, one], "-i", "two", "-i", "one")
    write("windows", BOM + b"\r\n".join([b"# a list", one, b"", b"  ", b"\t" + two + b" \t",
                                        b" # and a comment", three, b""]))
    asked("BOM, CRLF, blanks, comments", [one, two, three], "-i", "windows")
    asked("the same from a pipe", [one, two, three], "-i", "-", given=read("windows"))
    write("bom-only", BOM)
    write("crlf-last", one + b"\r")
    asked("a BOM alone, a CR at the end", [one], "-i", "bom-only", "-i", "crlf-last")
    asked("an empty list", [], "-i", "-")
    asked("--limit", [one, two], "--limit", "2", "-i", "windows")
    asked("a BOM in the second list too", [one, two, three, one], "-i", "one", "-i", "windows")  # hosts take turns


def packed_lists():
    wanted = [b"https://example.com/%d" % i for i in range(3000)]
    text = BOM + b"\r\n".join(wanted) + b"\r\n"
    half = len(text) // 2
    forms = {"list.gz": gzip.compress(text),
             "two-members.gz": gzip.compress(text[:half]) + gzip.compress(text[half:]),
             "named-otherwise": gzip.compress(text)}
    if shutil.which("zstd"):
        def zstd(data):
            return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                                  check=True).stdout
        forms["list.zst"] = zstd(text)
        forms["two-frames.zst"] = zstd(text[:half]) + zstd(text[half:])
    else:
        skip(".zst: zstd is not installed")
    for name, data in forms.items():
        for args, given in (("-i", write(name, data)), b""), (("-i", "-"), data):
            done = run("--sandbox=size=1k", "-c", "64", *args, given=given)
            equal(f"{name} as {args[1][-20:]}: every line",
                  sorted(r["url"].encode() for r in records(done.out)), sorted(wanted))
    write("cut.gz", forms["list.gz"][:-2000])
    done = run("--sandbox=size=1k", "-c", "64", "-i", "cut.gz", "-i", write("more", wanted[0]))
    got = sorted(records(done.out), key=lambda r: r["index"])
    broken = [r for r in got if r["outcome"] != "ok"]
    equal("a list that is cut off: exit 1", done.code, 1)
    check("one record says so and where", len(broken) == 1 and "cut.gz" in broken[0]["error"] and
          f"line {len(got) - 2} of" in broken[0]["error"], broken)
    check("what stands before it is fetched", 100 < len(got) < len(wanted), len(got))
    equal("and the next list", got[-1]["url"].encode(), wanted[0])


# ---------------------------------------------------------------- JSON lines --

def jsonl():
    lines = [
        {"url": "https://example.com/plain"},
        {"url": "https://example.com/id", "id": "a7"},
        {"url": "https://example.com/number", "id": 12345678901234567},
        {"url": "https://example.com/params", "params": {"render": True, "n": 7, "s": "a&b=c d"}},
        {"url": "https://example.com/headers", "headers": {"X-One": "eins", "Accept": "text/x"}},
        {"id": "ünï\u0007", "url": "https://example.com/ü?q=\u20ac", "params": None},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    write("list.jsonl", text)
    write("list.jsonl.gz", gzip.compress(text))
    for name, given in ("list.jsonl", b""), ("list.jsonl.gz", b""), ("-", text):
        requests, got = asked(f"{name}: each url", [line["url"].encode() for line in lines],
                              "-i", name, given=given)
        equal(f"{name}: each id comes back", [r.get("id") for r in got],
              [None, "a7", "12345678901234567", None, None, "ünï\u0007"])
        equal(f"{name}: parameters", {k: requests[3].params.get(k) for k in ("render", "n", "s")},
              {"render": b"true", "n": b"7", "s": b"a&b=c d"})
        equal(f"{name}: of one target alone", "n" in requests[2].params, False)
        equal(f"{name}: headers", [requests[4].headers.get("X-One"),
                                   requests[4].headers.get("Accept"),
                                   requests[4].params.get("use_headers")],
              ["eins", "text/x", b"true"])
        equal(f"{name}: of one target alone", requests[3].headers.get("X-One"), None)
    mixed = b'https://a.test/\n{"url":"https://b.test/","id":1}\n# no\nhttps://c.test/\n'
    asked("standard input may mix both", [b"https://a.test/", b"https://b.test/",
                                          b"https://c.test/"], "-i", "-", given=mixed)


def options_and_lines():
    line = b'{"url":"https://a.test/","params":{"x":"line"},"headers":{"X-H":"line"}}\n'
    requests, _ = arrived("--param", "x=option", "--param", "y=o+p t", "-H", "X-H: option",
                          "-H", "X-O:   kept", "--render", "--session", "9", "-i", "-",
                          given=line)
    r = requests[0]
    equal("a line's parameters and headers win over the options'",
          [r.params[k] for k in ("x", "y", "render", "session")] +
          [r.headers.get_all("X-H"), r.headers.get("X-O")],
          [b"line", b"o+p t", b"true", b"9", ["line"], "kept"])
    check("url stands last", r.target.rpartition("&")[2].startswith("url="), r.target)
    requests, _ = arrived("--key-param", "key", "https://a.test/")
    equal("--key-param", requests[0].params.get("key"), b"demo")


def broken_lines():
    text = (b'{"url":"https://a.test/1"}\n'
            b'{"url":"https://a.test/2"\n'
            b'\n'
            b'{"id":"x4"}\n'
            b'[1]\n'
            b'{"url":6}\n'
            b'{"url":"ftp://a.test/7","id":"x7"}\n'
            b'{"url":"https://a.test/8","params":[]}\n'
            b'{"url":"https://a.test/9","headers":{"a b":"c"}}\n'
            b'{"url":"https://a.test/10","headers":{"a":"b\\nc"}}\n'
            b'{"url":"https://a.test/11\\u0000"}\n'
            b'{"url":"https://a.test/12","url":"https://b.test/"}\n'
            b'{"url":"https://a.test/13","id":{}}\n'
            b'{"url":"https://a.test/\xff"}\n'
            b'https://a.test/15\n'
            b'{"url":"https://a.test/16"} {}\n' +
            b'{"url":' * 5000 + b'\n'
            b'{"url":"https://a.test/18","id":"last"}')
    write("broken.jsonl", text)
    _, got = asked("of a broken list the good lines are sent",
                   [b"https://a.test/1", b"https://a.test/18"], "-i", "broken.jsonl", code=1)
    equal("each line but the blank one has a record", len(got), 17)
    bad = [r for r in got if r["outcome"] != "ok"]
    equal("the others are bad_url", {r["outcome"] for r in bad}, {"bad_url"})
    equal("with the number of their line and the list's name",
          [n for n, r in zip([2, *range(4, 18)], bad)
           if f"line {n} of broken.jsonl: " not in r["error"]], [])
    equal("and their id where it could be read", [r.get("id") for r in bad if "id" in r],
          ["x4", "x7"])


def broken_urls():
    text = (b"https://a.test/1\n"
            b"example.com/2\n"
            b"https://a.test/a b\n"
            b"https://a.test/nul\x00nul\n"
            b"https://a.test/tab\ttab\n"
            b"https://a.test/cr\rcr\n"
            b"https://a.test/del\x7f\n"
            b"mailto:someone@example.com\n"
            b"ftp://example.com/\n"
            b"https://\n"
            b"https:///path\n"
            b"//example.com/\n"
            b"javascript:alert(1)\n"
            b"\x00\n"
            b"https://a.test/15\n")
    write("broken", text)
    for name, given in ("broken", b""), ("-", text):
        _, got = asked(f"{name}: of broken URLs none is sent",
                       [b"https://a.test/1", b"https://a.test/15"], "-i", name, given=given,
                       code=1)
        bad = [r for r in got if r["outcome"] != "ok"]
        shown = "broken" if name == "broken" else "standard input"
        equal(f"{name}: each has a record", [r["index"] for r in bad], list(range(1, 14)))
        equal(f"{name}: with its line",
              [n for n, r in enumerate(bad, 2)
               if r["outcome"] != "bad_url" or f"line {n} of {shown}: " not in r["error"]], [])
        equal(f"{name}: and its bytes",
              [r["url"].encode() for r in bad], text.split(b"\n")[1:14])


def long_lines():
    most = b"https://a.test/" + b"l" * (65536 - 15)
    text = most + b"\n" + most + b"x\nhttps://a.test/2\n" + b"y" * 3000000 + b"\n# " + \
        b"z" * 200000 + b"\nhttps://a.test/3\n" + b"w" * 100000
    with Sandbox() as sandbox:
        for name, given in ("-", text), (write("long", text), b""):
            done = run(*sandbox.args, "-i", name, given=given)
            got = sorted(records(done.out), key=lambda r: r["index"])
            equal("long lines: exit 1", done.code, 1)
            equal("a line of 64 KiB is a URL, longer ones are not, comments are none",
                  [(r["url"][:16], r["outcome"]) for r in got if r["outcome"] != "bad_url"][-2:],
                  [("https://a.test/2", "ok"), ("https://a.test/3", "ok")])
            equal("each too long one says so",
                  [r["error"].split(": ", 1)[0].split(" of ")[0] for r in got
                   if r["outcome"] == "bad_url"], ["line 2", "line 4", "line 7"])
            check("and is not repeated whole", all(len(r["url"]) < 70000 for r in got))
            check("the 64 KiB arrive or are refused by the server, not by us",
                  got[0]["outcome"] != "bad_url" and got[0]["url"].encode() == most,
                  got[0].get("error"))


# ---------------------------------------------------------------- bytes --

def exact_bytes():
    hosts = [b"https://example.com", b"http://example.com:8080", b"HTTPS://EXAMPLE.COM",
             "https://bücher.example".encode(), b"https://[2001:db8::1]:8443"]
    paths = [b"", b"/", b"/?a=1&b=2&url=https://x/&auth_key=y", b"/#fragment", b"/?#", b"/a#b?c#d",
             b"/?", b"/?q=a+b%20c", b"/%", b"/%zz%", b"/100%25%2525", b"/%C3%A4%c3%a4",
             "/ä/日本語/😀?ü=€#ß".encode(), b"/\xff\xfe\x80", b"/a/../b/./c//d", b"/;p=1,2!$'()*",
             b"/\"<>\\^`{|}", b"/~-._", b"/:@&=+$,",
             b"/?" + b"&".join(b"k%d=v" % i for i in range(500)),
             b"/" + bytes(range(0x21, 0x7f)) + bytes(range(0x80, 0x100))]
    wanted = [h + p for h in hosts for p in paths]
    with Endpoint() as endpoint:
        done = run(*endpoint.args, "-c", "8", "-i", "-", given=b"\n".join(wanted))
        got = {r["index"]: r for r in records(done.out)}
        equal("odd URLs: exit 0", done.code, 0)
        equal("arrive as their very bytes", sorted(r.url for r in endpoint.requests),
              sorted(wanted))
        check("in nothing but unreserved characters and %XX", all(
            set(r.target.partition("url=")[2]) <=
            set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
            for r in endpoint.requests))
        check("and stand in the records", all(
            base64.b64decode(got[i]["url_base64"]) == url if "url_base64" in got[i]
            else got[i]["url"].encode() == url for i, url in enumerate(wanted)))
        check("and in the pages", all(
            body_of(got[i]) == b"<p>" + url + b"</p>\n" for i, url in enumerate(wanted)))
    text = [u for u in wanted if is_text(u)]
    done = run("--sandbox", "-i", "-", given=b"\n".join(text))
    equal("the sandbox takes them too", (done.code, len(records(done.out))), (0, len(text)))
    check("and shows each on its page", all(
        html_of(r["url"]) in r["body"] for r in records(done.out)))


def is_text(url):
    try:
        return bool(url.decode())
    except UnicodeDecodeError:
        return False


def html_of(url):
    """As the sandbox escapes: & < > " and the second of two hyphens."""
    for char, reference in ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"):
        url = url.replace(char, reference)
    return f"<h1>{url}</h1>"


lists()
packed_lists()
jsonl()
options_and_lines()
broken_lines()
broken_urls()
long_lines()
exact_bytes()
finish()
