"""Archives as the npm package warcio reads them: every record, its digests, and the index beside.

The package is fetched from the registry when the test runs; without node, npm or the registry all of
it is skipped.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403
import gzip

PACKAGE = "warcio@2.4.11"

# Each record as a line of JSON; the digests are what warcio itself makes of the bytes it read.
READER = """
import fs from "node:fs";
import { WARCParser, WARCSerializer } from "warcio";
for (const path of process.argv.slice(2)) {
    const parser = new WARCParser(fs.createReadStream(path), { keepHeadersCase: true });
    for await (const record of parser) {
        const head = Object.fromEntries(record.warcHeaders.headers.entries());
        const maker = new WARCSerializer(record, {});
        await maker.digestRecord({ recompute: true });
        const body = [];
        for await (const piece of maker.externalBuffer.readAll()) body.push(piece);
        console.log(JSON.stringify({
            path, head, offset: parser.offset, length: parser.recordLength,
            type: record.warcType, url: record.warcTargetURI,
            block: record.warcBlockDigest, payload: record.warcPayloadDigest,
            status: record.httpHeaders?.statusline ?? null,
            fields: record.httpHeaders ? [...record.httpHeaders.headers.entries()] : [],
            body: Buffer.concat(body).toString("base64") }));
    }
}
"""


def install():
    """The package, in a folder of the test's own."""
    need("node", "npm")
    try:
        done = subprocess.run(
            ["npm", "install", "--prefix", path("node"), "--no-audit", "--no-fund", "--silent",
             "--cache", path("npm"), "--fetch-retries", "0", PACKAGE], capture_output=True,
            timeout=HANG_S, check=False, env={**os.environ, "HOME": work})
    except subprocess.TimeoutExpired:
        skip_all("the npm registry does not answer")
    if done.returncode != 0:
        skip_all(f"{PACKAGE} cannot be had from the npm registry")
    write("node/read.mjs", READER)


def files_of(name):
    """The archive's files, the first one first."""
    stem, _, ending = name.partition(".warc")
    return [name] + sorted(file for file in os.listdir(work)
                           if file.startswith(stem + "-") and file.endswith(".warc" + ending))


def read_archive(*names):
    """All records of these files."""
    done = subprocess.run(["node", path("node/read.mjs"), *map(path, names)], capture_output=True,
                          timeout=HANG_S, check=False)
    if done.returncode != 0:
        check(f"{names}: warcio reads it", False, done.stderr[-2000:])
        return []
    return [json.loads(line) for line in done.stdout.splitlines()]


def block_of(record):
    """The block of a record as it stands in the file: warcio tells where."""
    with open(record["path"], "rb") as file:
        file.seek(record["offset"])
        data = file.read(record["length"])
    if record["path"].endswith(".gz"):
        data = gzip.decompress(data)
    return data.partition(b"\r\n\r\n")[2][:int(record["head"]["Content-Length"])]


def wrong_digests(found):
    """Records that do not have the digests of what warcio read, and of what stands in the file."""
    def right(r):
        block, payload = (r["head"].get(f"WARC-{kind}-Digest") for kind in ("Block", "Payload"))
        return (block in (None, f"sha256:{hashlib.sha256(block_of(r)).hexdigest()}")
                # warcio writes heads of HTTP its own way, and those of revisits have no payload
                and (r["status"] or block in (None, r["block"]))
                and (r["type"] == "revisit" or payload in (None, r.get("payload"))))

    return [(r["type"], r["url"]) for r in found if not right(r)]


def check_archive(name, wanted, main):
    """A whole archive: `wanted` has the body by URL, `main` is the type of the pages' records."""
    files = files_of(name)
    found = read_archive(*files)
    infos = [r for r in found if r["type"] == "warcinfo"]
    mains = [r for r in found if r["type"] in ("response", "resource", "revisit")]
    metadata = [r for r in found if r["type"] == "metadata"]
    equal(f"{name}: each file begins with its warcinfo",
          [(r["path"], r["offset"], r["head"]["WARC-Filename"]) for r in infos],
          [(path(file), 0, file) for file in files])
    equal(f"{name}: each digest is right", wrong_digests(found), [])
    equal(f"{name}: all that should have digests have them",
          [r["type"] for r in found if r["type"] in ("response", "resource", "metadata")
           and not r["head"].get("WARC-Block-Digest")], [])
    equal(f"{name}: what kinds of records", {r["type"] for r in mains} - {"revisit"}, main)
    bodies = {r["url"]: base64.b64decode(r["body"]) for r in mains if r["type"] != "revisit"}
    equal(f"{name}: every page, byte for byte",
          {url: hashlib.sha256(body).hexdigest() for url, body in bodies.items()},
          {url: hashlib.sha256(body).hexdigest() for url, body in wanted.items()})
    equal(f"{name}: no page twice", len(mains), len({r["url"] for r in mains}))
    ids = {r["head"]["WARC-Record-ID"] for r in mains}
    equal(f"{name}: what is said of a page refers to it",
          [r["url"] for r in metadata
           if "WARC-Concurrent-To" in r["head"] and r["head"]["WARC-Concurrent-To"] not in ids], [])
    check(f"{name}: the key is nowhere", b"demo" not in b"".join(
        base64.b64decode(r["body"]) for r in metadata + infos))
    check_index(name, mains)
    return found


def check_index(name, mains):
    """Each line of the index leads to a record that warcio found there."""
    lines = read(name.partition(".warc")[0] + ".cdxj").splitlines()
    places = {(r["path"], r["offset"]): r for r in mains}
    equal(f"{name}: a line for each page", len(lines), len(mains))
    equal(f"{name}: sorted", lines, sorted(lines))
    for line in lines:
        _, moment, said = line.decode().split(" ", 2)
        said = json.loads(said)
        record = places.get((path(said["filename"]), int(said["offset"])))
        if not (record and record["url"] == said["url"]
                and record["length"] + (0 if name.endswith(".gz") else 4) == int(said["length"])
                and record["head"]["WARC-Payload-Digest"] == said["digest"]
                and record["head"]["WARC-Date"].translate({45: "", 58: "", 84: ""})[:14] == moment):
            check(f"{name}: a line leads to its record", False, (said, record and record["head"]))
            return
    check(f"{name}: each line leads to its record", True)


def bodies_by_url(*args):
    """The same list as JSONL: the bodies that an archive of it must hold, of failures too."""
    done = run(*args, "-o", path("same.jsonl"))
    same = records(read("same.jsonl"))
    os.unlink(path("same.jsonl"))
    return done.code, {r["url"]: body_of(r) for r in same if r["bytes"] > 0}


def of_runs():
    """Plain and packed, one file and several; pages of all sizes, and some that fail."""
    write("list", "".join(f"https://h{i % 7}.example.com/{i}?sandbox=size-{size}\n"
                          for i, size in enumerate([1, 2, 100, 10240, 70000, 3000000] * 12))
          + "https://example.org/gone?sandbox=target-404\nnothing\n")
    args = ("-i", path("list"), "-c", "20", "--retries", "0")
    with Sandbox() as sandbox:
        code, wanted = bodies_by_url(*args, *sandbox.args)
        equal("the list: some pages fail", (code, len(wanted)), (1, 73))
        for name, more in (("plain.warc", ()), ("packed.warc.gz", ()),
                           ("rolled.warc", ("--roll-size", "9M")),
                           ("split.warc.gz", ("--roll-size", "2M"))):
            done = run(*args, *sandbox.args, "-o", path(name), *more)
            equal(f"{name}: is fetched", done.code, 1)
            check_archive(name, wanted, {"resource"})
    check("several files", len(files_of("rolled.warc")) > 2 and len(files_of("split.warc.gz")) > 2)


def of_origins():
    """A profile that hands on what the site said: its answers are records of responses."""
    args = ("--sandbox=profile=scrapingbee", "-p", "scrapingbee", "-i", path("short"))
    write("short", "".join(f"https://example.com/{i}\n" for i in range(20)))
    code, wanted = bodies_by_url(*args)
    equal("scrapingbee: is fetched", (code, len(wanted)), (0, 20))
    run(*args, "-o", path("origin.warc.gz"))
    found = check_archive("origin.warc.gz", wanted, {"response"})
    answers = [r for r in found if r["type"] == "response"]
    equal("the site's status", {r["status"] for r in answers}, {"HTTP/1.1 200"})
    equal("its length is that of what is stored",
          [r["url"] for r in answers for name, value in r["fields"]
           if name.lower() == "content-length" and int(value) != len(base64.b64decode(r["body"]))],
          [])
    equal("nothing of the provider's own",
          sorted({name for r in answers for name, _ in r["fields"]
                  if name.lower().startswith("spb-")}), [])


def of_twins():
    write("twins", "".join(f"https://example.com/{i}\n" for i in range(30)))
    with Endpoint(lambda request: (200, [("Content-Type", "text/plain")],
                                   b"same\n" if request.url[-1:] in b"02468" else request.url)) as e:
        run(*e.args, "-i", path("twins"), "-o", path("twins.warc"), "--dedupe-content")
    found = check_archive("twins.warc", {
        r["url"]: base64.b64decode(r["body"]) for r in read_archive("twins.warc")
        if r["type"] == "resource"}, {"resource"})
    revisits = [r for r in found if r["type"] == "revisit"]
    first = {r["head"]["WARC-Record-ID"]: r for r in found if r["type"] == "resource"}
    equal("what came again is a revisit", len(revisits), 14)
    equal("of a record that holds the same",
          {first[r["head"]["WARC-Refers-To"]]["payload"] for r in revisits},
          {r["head"]["WARC-Payload-Digest"] for r in revisits})


def of_kills():
    """What a kill leaves, and what a resumed run makes of it."""
    write("long", "".join(f"https://example.com/{i}\n" for i in range(400)))
    with Sandbox("latency=30ms") as sandbox:
        args = (*sandbox.args, "-i", path("long"), "-c", "10", "--resume")
        _, wanted = bodies_by_url(*sandbox.args, "-i", path("long"), "-c", "200")
        for name in ("killed.warc", "killed.warc.gz"):
            process = start(*args, "-o", path(name))
            wait_until("pages are on record", lambda n=name: os.path.exists(path(n))
                       and os.path.getsize(path(n)) > 400000, process)
            process.kill()
            end(process)
            equal(f"{name}: goes on", run(*args, "-o", path(name)).code, 0)
            check_archive(name, wanted, {"resource"})
            for file in os.listdir(work):  # the next one has the same stem
                if file.startswith("killed."):
                    os.unlink(path(file))


def of_damage():
    """This test can fail."""
    data = bytearray(read("plain.warc"))
    at = data.rindex(b"\r\n\r\nWARC/1.1\r\nWARC-Type: metadata") - 1
    data[at] ^= 1
    write("damaged.warc", bytes(data))
    equal("a byte that is changed is found", len(wrong_digests(read_archive("damaged.warc"))), 1)


install()
of_runs()
of_origins()
of_twins()
of_kills()
of_damage()
finish()
