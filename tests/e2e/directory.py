"""Pages in a directory: a whole file each, a record each, and nothing touched beside it."""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403


def tree(top):
    """Everything below `top`: path, and for files what they hold, for links where they lead."""
    found = {}
    for folder, folders, files in os.walk(os.fsencode(top)):
        for name in folders + files:
            full = os.path.join(folder, name)
            if os.path.islink(full):
                found[full] = b"-> " + os.readlink(full)
            elif os.path.isdir(full):
                found[full] = None
            else:
                with open(full, "rb") as f:
                    found[full] = f.read()
    return found


def inside(name):
    """Files of an output directory below it, without index.jsonl: name to bytes."""
    top = os.fsencode(path(name)) + b"/"
    return {full[len(top):].decode(): data for full, data in tree(path(name)).items()
            if data is not None and full != top + b"index.jsonl"}


def fetched(name, urls, *args, code=0):
    """Runs pfetch into work/name/: records by index, after all that must always hold."""
    before = tree(work)
    done = run("--sandbox=size=2k", "-c", "16", "-i", "-", "-o", path(name) + "/", *args,
               given=b"\n".join(urls) + b"\n")
    equal(f"{name}: exit {code}", done.code, code)
    after = tree(work)
    own = os.fsencode(path(name))
    equal(f"{name}: nothing beside it is touched",
          {k: v for k, v in after.items() if k != own and not k.startswith(own + b"/")}, before)
    got = {r["index"]: r for r in records(read(name + "/index.jsonl"))}
    files = inside(name)
    named = [r["file"] for r in got.values() if "file" in r]
    equal(f"{name}: a record for each URL", len(got), len(urls))
    equal(f"{name}: a file of its own for each page", len(set(named)), len(named))
    equal(f"{name}: and no other file", set(files), set(named))
    check(f"{name}: every file is whole", all(
        len(files[r["file"]]) == r["bytes"] and
        hashlib.sha256(files[r["file"]]).hexdigest() == r["sha256"]
        for r in got.values() if "file" in r))
    check(f"{name}: records have no body beside it",
          not any("body" in r or "body_base64" in r for r in got.values()))
    equal(f"{name}: names are plain", [file for file in files if not is_plain(file)], [])
    return got


DIGITS = set("abcdefghijklmnopqrstuvwxyz234567")


def is_plain(file):
    """Two folders and letters, digits and . - _ that begin with neither dot nor hyphen."""
    first, second, leaf = file.split("/")
    return len(first) == 1 and len(second) == 2 and set(first + second) <= DIGITS and \
        leaf.isascii() and len(file) < 200 and leaf[0] not in ".-" and \
        f"-{first}{second}" in leaf and all(c.isalnum() or c in "._-" for c in leaf)


def ordinary():
    with open(URLS, "rb") as f:
        urls = f.read().splitlines()
    got = fetched("ordinary", urls)
    check("each file holds its own page", all(
        quote_html(r["url"]) in read("ordinary/" + r["file"]).decode() for r in got.values()))


def quote_html(url):
    return url.replace("&", "&amp;")


def hostile():
    urls = [b"https://example.com" + p for p in (
        b"/..", b"/../..", b"/../../../../../../../../tmp/x", b"/%2e%2e/%2e%2e/%2e%2e/x",
        b"/..%2f..%2f..%2fx", b"//etc/passwd", b"/%2fetc%2fpasswd", b"/..\\..\\x", b"/\\\\host\\x",
        b"/C:\\x", b"/con", b"/nul", b"/.", b"/.hidden", b"/-rf", b"/index.jsonl",
        b"/../index.jsonl",
        b"/a%00b", b"/a%0ab", b"/a%0d", b"/~root", b"/$(id)", b"/`id`", b"/;id", b"/|id", b"/*",
        b"/?", b"/'\"", b"/<b>", b"/a%20b", "/ä/日本語/😀".encode(), "/\u202etxt.exe".encode(),
        b"/\xff\xfe\x80", b"/" + b"l" * 300, b"/" + b"l" * 300 + b"2", b"/" + b"../" * 3000,
        b"/" + b"%2e%2e%2f" * 2000,
        b"/x.html", b"/X.html", b"/x_html", b"/x?html", b"/x#html", b"/a/b", b"/a_b", b"/a//b",
        b"/.part-1")]
    urls += [b"https://../..", b"https://..", b"http://%2e%2e/", b"https://.", b"https://-/-",
             b"https://user:secretword@example.com/page", "https://пример.example/".encode()]
    got = fetched("hostile", urls)
    check("a password in a URL is in no file's name",
          not any("secretword" in r.get("file", "") for r in got.values()))


def twins():
    """Equal targets are as many pages; so are those that differ in parameters alone."""
    urls = [b"https://example.com/same"] * 40 + [
        b'{"url":"https://example.com/same","params":{"n":%d}}' % i for i in range(10)]
    got = fetched("twins", urls)
    equal("equal URLs have equal pages", len({r["sha256"] for r in got.values()}), 1)


def kinds():
    urls = [b"https://example.com/%s?sandbox=%s" % (c, c) for c in
            (b"ok", b"binary", b"empty", b"error", b"target-404", b"cut", b"captcha", b"drop")]
    got = fetched("kinds", urls + [b"no url"], "--retries", "0", code=1)
    by_kind = {r["url"].rpartition("=")[2]: r for r in got.values()}
    equal("a text has the name of one", by_kind["ok"]["file"][-5:], ".html")
    equal("bytes have another", by_kind["binary"]["file"][-4:], ".bin")
    equal("what came of a failed page is kept, and what did not is no file",
          {k: "file" in by_kind[k] for k in ("empty", "target-404", "drop", "no url")},
          {"empty": False, "target-404": True, "drop": False, "no url": False})


def links():
    """Somebody put links where files and folders would go."""
    os.mkdir(path("away"))
    write("away/canary", "kept")
    os.mkdir(path("linked"))
    for digit in DIGITS:
        os.symlink(path("away"), path("linked/" + digit))
    before = tree(path("away"))
    done = run("--sandbox", "-o", path("linked") + "/", "https://example.com/")
    equal("folders that are links: exit 4", done.code, 4)
    equal("are not followed", tree(path("away")), before)

    os.mkdir(path("index"))
    os.symlink(path("away/canary"), path("index/index.jsonl"))
    done = run("--sandbox", "-o", path("index") + "/", "https://example.com/")
    equal("an index that is a link: exit 2", done.code, 2)
    equal("is not written through", read("away/canary"), b"kept")

    os.mkdir(path("model"))
    done = run("--sandbox", "-o", path("model") + "/", "https://example.com/", "https://a.test/")
    names = list(inside("model"))
    for name in names:
        os.makedirs(os.path.dirname(path("files/" + name)), exist_ok=True)
        os.symlink(path("away/canary"), path("files/" + name))
    done = run("--sandbox", "-o", path("files") + "/", "https://example.com/", "https://a.test/")
    equal("files that are links: exit 0", done.code, 0)
    equal("are not written through", read("away/canary"), b"kept")
    equal("and stay", [os.readlink(path("files/" + n)) for n in names],
          [path("away/canary")] * 2)
    got = records(read("files/index.jsonl"))
    check("the pages have other names", len(got) == 2 and all(
        r["file"] not in names and
        hashlib.sha256(read("files/" + r["file"])).hexdigest() == r["sha256"] for r in got), got)


def places():
    done = run("--sandbox", "-o", "new/", "https://example.com/")
    equal("a directory is made", (done.code, len(inside("new"))), (0, 1))
    os.mkdir(path("there"))
    done = run("--sandbox", "-o", "there", "https://example.com/")
    equal("one that is there needs no slash", (done.code, len(inside("there"))), (0, 1))
    done = run("--sandbox", "-o", "a/b/", "https://example.com/")
    equal("its parent is not made", (done.code, os.path.exists(path("a"))), (2, False))
    done = run("--sandbox", "-o", "there", "https://example.com/")
    equal("a second run into it is refused", (done.code, len(inside("there"))), (2, 1))


def killed():
    """SIGKILL in the middle: what has a record is whole, what has none has a temporary name."""
    process = start("--sandbox=size=20k,latency=5ms", "-c", "8", "-i", URLS, "-o",
                    path("killed") + "/")
    wait_until("some pages are there", lambda: os.path.exists(path("killed/index.jsonl")) and
               read("killed/index.jsonl").count(b"\n") > 20, process)
    process.kill()
    end(process)
    data = read("killed/index.jsonl")
    got = records(data[:data.rfind(b"\n") + 1])
    files = inside("killed")
    check("killed: each record's file is whole", all(
        hashlib.sha256(files[r["file"]]).hexdigest() == r["sha256"] for r in got))
    check("killed: at most one temporary file",
          len([f for f in files if f.endswith("/.part")]) <= 1, len(files))
    os.makedirs(path("killed/a/aa"), exist_ok=True)
    write("killed/a/aa/.part", "torn")
    lost = got[3]
    os.unlink(path("killed/" + lost["file"]))
    done = run("--sandbox=size=20k", "-c", "8", "-i", URLS, "-o", path("killed") + "/", "--resume")
    equal("killed: gone on with: exit 0", done.code, 0)
    check("killed: says what is missing", b"gone or not whole" in done.err, done.err)
    files = inside("killed")
    got = [r for r in records(read("killed/index.jsonl")) if r["file"] != lost["file"]]
    with open(URLS, "rb") as f:
        urls = f.read().decode().splitlines()
    equal("killed: each page once", sorted(r["url"] for r in got), sorted(urls))
    equal("killed: no file but theirs", sorted(files), sorted(r["file"] for r in got))
    check("killed: and each is whole", all(
        hashlib.sha256(files[r["file"]]).hexdigest() == r["sha256"] for r in got))


def full():
    """A file system that is full in the middle of the run, then has room."""
    os.mkdir(path("small"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path("small")],
                      stderr=subprocess.DEVNULL).returncode != 0:
        return skip("no tmpfs can be mounted here")
    try:
        args = ("--sandbox=size=20k", "-c", "8", "-i", URLS, "-o", path("small/d") + "/")
        done = run(*args)
        equal("full: exit 4", done.code, 4)
        data = read("small/d/index.jsonl")
        got, files = records(data), inside("small/d")
        check("full: what is on record is whole", len(got) > 5 and all(
            hashlib.sha256(files[r["file"]]).hexdigest() == r["sha256"] for r in got), len(got))
        equal("full: no temporary file", [f for f in files if f.endswith("/.part")], [])
        subprocess.run(["mount", "-o", "remount,size=64m", path("small")], check=True)
        done = run(*args, "--resume")
        equal("full: gone on with: exit 0", done.code, 0)
        got, files = records(read("small/d/index.jsonl")), inside("small/d")
        equal("full: no page twice and no other file", sorted(files),
              sorted(r["file"] for r in got))
        check("full: all are whole", all(
            hashlib.sha256(files[r["file"]]).hexdigest() == r["sha256"] for r in got))
    finally:
        subprocess.run(["umount", path("small")])


ordinary()
hostile()
twins()
kinds()
links()
places()
killed()
full()
finish()
