"""Raw replies of a corpus, whole and in pieces: the library makes of each what it must.

Runs where PFETCH_CONFORMANCE names a directory with replies.jsonl and its server, replay.py.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

corpus = os.environ.get("PFETCH_CONFORMANCE")
if not corpus:
    skip_all("PFETCH_CONFORMANCE names no corpus of replies")
conform = os.path.join(BUILDDIR, "tests/conformance/conform")
cases = os.path.join(corpus, "replies.jsonl")
with open(cases, "rb") as f:
    count = sum(1 for _ in f)

# This is about HTTP: a reply that says 401 or 429 is a page, and stops nothing.
write("every-status.profile", """\
name = every-status
timeout = 20
key = query key
target = query url
headers = plain
rule = 300-399 -> redirect
rule = 400-999 -> target
rule = * -> page
""")
server = start("-B", os.path.join(corpus, "replay.py"), cases, program=sys.executable,
               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
port = server.stdout.readline().split()[-1].decode()
ways = "", "byte", "split-7"  # side by side, since most of the time goes into pauses
profile = path("every-status.profile")
clients = [start(port, cases, profile, how, program=conform, stdin=subprocess.DEVNULL) for how in ways]
for how, client in zip(ways, clients):
    done = end(client)
    lines = done.out.decode().splitlines()
    if not check(f"how={how or 'whole'}: exit 0", done.code == 0, done.err[-2000:]):
        print("\n".join(lines))
    equal(f"how={how or 'whole'}: all {count} replies", lines[-1:], [f"{count} passed, 0 failed"])
finish()
