"""Records in .jsonl.gz and .jsonl.zst: what gzip and zstd unpack is what a plain output holds."""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

need("gzip", "zstd")
urls = [f"https://example.com/{i}" for i in range(300)]
lists = write("urls.txt", "\n".join(urls) + "\n")


def essence(text):
    """What of a record does not depend on the moment."""
    return {r["url"]: (r["index"], r["outcome"], r["sha256"], r.get("body"), r.get("body_base64"))
            for r in records(text)}


def fetch(name):
    done = run("--sandbox=size=20k,seed=1", "-c", "16", "-i", lists, "-o", path(name))
    equal(f"{name}: exit 0", done.code, 0)


fetch("plain.jsonl")
wanted = essence(read("plain.jsonl"))
equal("a record for each", len(wanted), len(urls))
for name, tool in (("packed.jsonl.gz", "gzip"), ("packed.jsonl.zst", "zstd")):
    fetch(name)
    whole = subprocess.run([tool, "-t", path(name)], capture_output=True)
    equal(f"{name}: {tool} finds it whole", whole.returncode, 0)
    text = subprocess.run([tool, "-dc", path(name)], capture_output=True).stdout
    equal(f"{name}: the same records", essence(text), wanted)

refused = run("--sandbox", "--format", "jsonl", "-o", path("pages.gz"), urls[0])
equal("another name with .gz is refused", refused.code, 2)
os.mkfifo(path("pipe.jsonl.gz"))
reader = os.open(path("pipe.jsonl.gz"), os.O_RDONLY | os.O_NONBLOCK)
refused = run("--sandbox", "-o", path("pipe.jsonl.gz"), urls[0])
equal("a pipe is not packed", refused.code, 2)
check("and that is said", b"only files are packed" in refused.err, refused.err)
os.close(reader)
finish()
