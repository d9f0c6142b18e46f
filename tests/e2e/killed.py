"""SIGKILL at any instant, per form of output: resumed, every page is there once, byte for byte.

PFETCH_KILLS says how often each run is killed; the usual number is small enough for every day.
"""
import gzip
import random
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

KILLS = int(os.environ.get("PFETCH_KILLS", "25"))
CALLS = 16
random.seed(7)


def archive_records(name):
    """The records of a web archive's files: fields and block; each file is whole."""
    stem, dot, ending = name.partition(".warc")
    files = [name] + sorted(f for f in os.listdir(work)
                            if f.startswith(f"{stem}-") and f.endswith(dot + ending))
    for file in files:
        data = read(file)
        if file.endswith(".gz"):
            data = gzip.decompress(data)
        at = 0
        while at < len(data):
            end_of_head = data.index(b"\r\n\r\n", at)
            lines = data[at:end_of_head].decode().split("\r\n")
            assert lines[0] == "WARC/1.1", lines[0]
            fields = dict(line.split(": ", 1) for line in lines[1:])
            at = end_of_head + 4 + int(fields["Content-Length"])
            assert data[at:at + 4] == b"\r\n\r\n"
            yield file, fields, data[end_of_head + 4:at]
            at += 4


def archived(name):
    """The same of a web archive; its index names every capture."""
    bodies, metadata = {}, {}
    for file, fields, block in archive_records(name):
        kind, uri = fields["WARC-Type"], fields.get("WARC-Target-URI")
        digest = fields["WARC-Block-Digest"].partition(":")[2]
        assert digest == hashlib.sha256(block).hexdigest(), fields
        if kind == "resource":
            assert uri not in bodies, uri
            bodies[uri] = block
        elif kind == "metadata":
            record = json.loads(block)
            assert record["url"] not in metadata, uri
            metadata[record["url"]] = record
    equal(f"{name}: a metadata record for each body", set(metadata), set(bodies))
    equal(f"{name}: every page ok", {r["outcome"] for r in metadata.values()}, {"ok"})
    index = read(name.partition(".warc")[0] + ".cdxj").splitlines()
    equal(f"{name}: the index is sorted", index, sorted(index))
    equal(f"{name}: and has each page once",
          sorted(json.loads(line.split(b" ", 2)[2])["url"] for line in index), sorted(bodies))
    return bodies


def foldered(name):
    """The same of a directory: a file of its own for each record, and no other file."""
    got = records(read(name + "index.jsonl"))
    equal(f"{name}: no page twice", len({r["url"] for r in got}), len(got))
    files = {os.path.relpath(os.path.join(folder, leaf), path(name))
             for folder, _, leaves in os.walk(path(name)) for leaf in leaves}
    equal(f"{name}: its files are those of its records", files,
          {r["file"] for r in got} | {"index.jsonl"})
    return {r["url"]: read(name + r["file"]) for r in got}


def pages(name):
    """What an output holds: URL to body, after its records were found whole and single."""
    if ".warc" in name:
        return archived(name)
    if name.endswith("/"):
        return foldered(name)
    data = read(name)
    if name.endswith(".gz"):
        data = subprocess.run(["gzip", "-dc"], input=data, capture_output=True, check=True).stdout
    elif name.endswith(".zst"):
        data = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
    got = records(data)
    equal(f"{name}: no page twice", len({r["url"] for r in got}), len(got))
    equal(f"{name}: every page ok", {r["outcome"] for r in got}, {"ok"})
    return {r["url"]: body_of(r) for r in got}


def kill_and_resume(name, urls, wanted, *args):
    listed = write("list.txt", "".join(f"{url}\n" for url in urls))
    with Sandbox("latency=1ms..20ms,size=1k..30k,seed=3") as sandbox:
        command = (*sandbox.args, "-c", str(CALLS), "-i", listed, "-o", path(name), "--resume",
                   *args)
        done, lives = False, 0
        for lives in range(KILLS):
            process = start(*command, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 0.12))
            process.kill()
            done = end(process).code == 0
            if done:
                break
        last = run(*command)
        equal(f"{name}: after {lives + 1} kills it ends well", last.code, 0)
        calls = sandbox.stats()["calls"]
    check(f"{name}: it was killed before it was done", not done)
    if "--ordered" not in args:  # there pages wait for their turn, off the record
        check(f"{name}: only what was in flight at a kill is asked for again",
              len(urls) <= calls <= len(urls) + KILLS * CALLS, calls)
    got = pages(name)
    equal(f"{name}: every page is there", set(got), set(urls))
    check(f"{name}: byte for byte", got == wanted)


need("gzip", "zstd")
urls = [f"https://example.com/{i}" for i in range(160 * KILLS)]
with Sandbox("size=1k..30k,seed=3") as sandbox:
    whole = run(*sandbox.args, "-c", "32", "-i", "-", "-o", path("whole.jsonl"),
                given="".join(f"{url}\n" for url in urls).encode())
    equal("the pages as they are", whole.code, 0)
wanted = pages("whole.jsonl")
for name in ("killed.jsonl", "killed.jsonl.gz", "killed.jsonl.zst"):
    kill_and_resume(name, urls, wanted)
kill_and_resume("killed/", urls, wanted)
kill_and_resume("killed.warc", urls, wanted)
kill_and_resume("killed.warc.gz", urls, wanted, "--roll-size", "3M")
kill_and_resume("ordered.jsonl", urls, wanted, "--ordered")
finish()
