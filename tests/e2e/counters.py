"""What the sandbox counted is what the summary says, and every target has its one record.

The sandbox fails in all the ways it has; the pages that come through are compared with those of a
second one that never fails.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

FAULTS = ("error=0.05,empty=0.03,cut=0.03,drop=0.02,slow=0.05,slow-ms=150,chunked=0.3,close=0.05,"
          "encoding=mix,binary=0.1,size=1k..30k,seed=7")
TARGETS = 400


def reference_pages(urls):
    """The pages by URL, from a sandbox without faults, through --format body one at a time."""
    pages = {}
    with Sandbox("binary=0.1,size=1k..30k,seed=7") as sandbox:
        for url in urls:
            pages[url] = sandbox.get("/?key=demo&url=" + quote(url, safe=""))
    return pages


def totals(name, out):
    """Checks that what cannot differ does not; gives the records and the summary."""
    got = records(out)
    summary = summary_of(name)
    equal("the summary's attempts are the records'", summary["attempts"],
          sum(r["attempts"] for r in got))
    by_outcome = collections.Counter(r["outcome"] for r in got)
    equal("the summary's pages by outcome are the records'",
          {k: n for k, n in summary["pages"].items() if n}, dict(by_outcome))
    equal("the summary's bytes are the records'", summary["bytes"], sum(r["bytes"] for r in got))
    return got, summary


def with_faults():
    urls = [f"https://example.com/faults/{i}?q=a%20b&n={i}" for i in range(TARGETS)]
    with Sandbox(FAULTS + ",limit=150,latency=100ms") as sandbox:
        done = run(*sandbox.args, "-c", "160", "--retries", "12", "-i", "-", "--summary",
                   path("faults"), given="\n".join(urls).encode())
        stats = sandbox.stats()
    equal("with enough retries every page is ok", done.code, 0)
    got, summary = totals("faults", done.out)
    # A drop on a kept connection cannot be told from one that went stale: repeated, not counted.
    equal("calls at the sandbox are the attempts", stats["calls"],
          summary["attempts"] + summary["resent"])
    equal("429 at the sandbox are the throttled answers", stats["throttled"], summary["throttled"])
    equal("nothing is left in flight", stats["in_flight"], 0)
    equal("the sandbox saw each target", stats["targets"], TARGETS)
    equal("each good answer is a page", stats["ok"], TARGETS)
    check("faults did happen", stats["errors"] and stats["empty"] and stats["cut"] and
          stats["dropped"] and stats["slow"], stats)
    equal("retries are the attempts after the first", summary["retries"],
          summary["attempts"] - TARGETS)
    equal("one record each, in its place", {r["index"]: r["url"] for r in got},
          dict(enumerate(urls)))
    equal("and no second one", len(got), TARGETS)
    pages = reference_pages(urls)
    check("every body is the page, byte for byte",
          all(body_of(r) == pages[r["url"]] for r in got))
    check("some of them no text", any("body_base64" in r for r in got))


def without_retries():
    urls = [f"https://example.org/once/{i}" for i in range(TARGETS)]
    with Sandbox(FAULTS + ",target-404=0.05") as sandbox:
        done = run(*sandbox.args, "-c", "40", "--retries", "0", "-i", "-", "--summary",
                   path("once"), given="\n".join(urls).encode())
        stats = sandbox.stats()
    equal("some pages failed", done.code, 1)
    got, summary = totals("once", done.out)
    equal("one record each here too", sorted(r["index"] for r in got), list(range(TARGETS)))
    equal("one attempt each", {r["attempts"] for r in got}, {1})
    equal("calls are the attempts here too", stats["calls"],
          summary["attempts"] + summary["resent"])
    equal("each 404 is a target_error", summary["pages"]["target_error"], stats["not_found"])
    equal("each 500 and each empty page is a provider_error", summary["pages"]["provider_error"],
          stats["errors"] + stats["empty"])
    equal("each good answer is ok", summary["pages"]["ok"], stats["ok"])
    check("each cut page is network", summary["pages"]["network"] >= stats["cut"], summary)
    check("a failed page has a sentence", all(r.get("error") for r in got if r["outcome"] != "ok"))
    check("a good one has none", not any("error" in r for r in got if r["outcome"] == "ok"))


def throttled_once():
    urls = [f"https://example.net/t/{i}?sandbox=status-429,retry-after-1,times-1"
            for i in range(20)]
    with Sandbox() as sandbox:
        done = run(*sandbox.args, "-c", "20", "-i", "-", "--summary", path("throttled"),
                   given="\n".join(urls).encode())
        stats = sandbox.stats()
    equal("pages that were throttled at first are ok", done.code, 0)
    got, summary = totals("throttled", done.out)
    equal("throttled calls are counted as throttled", summary["throttled"], stats["throttled"])
    equal("and as attempts", (stats["calls"], summary["attempts"]), (40, 40))


with_faults()
without_retries()
throttled_once()
finish()
