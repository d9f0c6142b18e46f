"""Every provider as the sandbox plays it: each verdict end to end, and what ends a run."""
import concurrent.futures
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

# What each provider tells, where that differs.
TELLS_STATUS = {"scraperapi", "scrapingbee", "scrapingant", "crawlbase", "scrapedo", "scrapfly",
                "zyte"}
TELLS_COST = {"scraperapi", "scrapingbee", "scrapingant", "zenrows", "scrapedo", "scrapfly",
              "webscrapingapi"}
# A wrong request's 400 also says "could not be scraped" there, and is asked again.
TRIES_400_AGAIN = {"scrapingdog", "webscrapingapi"}


def names():
    return [line.split(b"\t")[0].decode() for line in run("--list-profiles").out.splitlines()]


def asked(words):
    return f"https://example.com/?sandbox={words}"


def job(name, *args, spec=""):
    return run(f"--sandbox=profile={name}{spec}", "-q", *args)


# What is run for each provider, all of it at once: most of it waits.
JOBS = {
    "page": ([asked("ok")], ",cost=3"),
    "binary": ([asked("binary")], ""),
    "404": ([asked("target-404")], ""),
    "503": (["--retries", "1", asked("target-503")], ""),
    "captcha": (["--retries", "0", asked("captcha")], ""),
    "failed once": (["--retries", "2", asked("api-failed,times-1")], ""),
    "failed": (["--retries", "0", asked("api-failed")], ""),
    "throttled": (["--retries", "0", asked("api-throttled,times-1")], ""),
    "bad request": (["--retries", "1", asked("api-bad-request")], ""),
    "bad-key": (["-c", "1", "--retries", "1", asked("api-bad-key"), "https://example.com/2",
                 "https://example.com/3"], ""),
    "no-credits": (["-c", "1", "--retries", "1", asked("api-no-credits"), "https://example.com/2",
                    "https://example.com/3"], ""),
}


def pages(name, done, record):
    plain = body_of(records(run("--sandbox", "-q", asked("ok")).out)[0])
    equal(f"{name}: a page, exit 0", (done["page"].code, record["page"]["outcome"],
                                      record["page"]["status"]), (0, "ok", 200))
    # What a provider was asked for stands behind the page, as comments.
    check(f"{name}: the page's bytes", body_of(record["page"]).startswith(plain))
    equal(f"{name}: its cost", record["page"].get("cost"), 3 if name in TELLS_COST else None)
    if name in TELLS_COST:
        check(f"{name}: it was billed", record["page"].get("billed") is True, record["page"])
    equal(f"{name}: bytes that are no text", record["binary"]["outcome"], "ok")
    body_of(record["binary"])


def targets_errors(name, done, record):
    equal(f"{name}: a target's 404 is final",
          (done["404"].code, record["404"]["outcome"], record["404"]["status"],
           record["404"]["attempts"]), (1, "target_error", 404, 1))
    own = name in TELLS_STATUS
    equal(f"{name}: a target's 503", record["503"]["outcome"],
          "target_error" if own else "provider_error")
    if own:
        equal(f"{name}: its status", record["503"]["status"], 503)
    # Crawlbase looks for them itself.
    equal(f"{name}: a CAPTCHA", record["captcha"]["outcome"],
          "provider_error" if name == "crawlbase" else "blocked")


def passing(name, done, record):
    def how(what):
        return done[what].code, record[what]["outcome"], record[what]["attempts"]

    equal(f"{name}: a failure of the provider's passes", how("failed once"), (0, "ok", 2))
    equal(f"{name}: or stays", how("failed"), (1, "provider_error", 1))
    equal(f"{name}: throttling uses up no retry", how("throttled"), (0, "ok", 2))
    equal(f"{name}: a wrong request is final", how("bad request"),
          (1, "provider_error", 2 if name in TRIES_400_AGAIN else 1))


def account(name, done):
    for what in ("bad-key", "no-credits"):
        outcomes = [r["outcome"] for r in records(done[what].out)]
        equal(f"{name}: {what}: exit 3", done[what].code, 3)
        check(f"{name}: {what}: a record says so", "account" in outcomes, outcomes)


def provider(name, futures):
    done = {what: future.result() for what, future in futures.items()}
    record = {what: records(run.out)[0] for what, run in done.items()}
    pages(name, done, record)
    targets_errors(name, done, record)
    passing(name, done, record)
    account(name, done)


def providers():
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        all_of_them = {name: {what: pool.submit(job, name, *args, spec=spec)
                              for what, (args, spec) in JOBS.items()} for name in names()}
        for name, futures in all_of_them.items():
            provider(name, futures)


def whole_runs():
    """What cuts a run off: a wrong key, no credits, a spending limit."""
    with Sandbox("profile=scrapingbee") as sandbox:
        urls = [f"https://example.com/{i}" for i in range(50)]
        done = run("-p", "scrapingbee", "-e", sandbox.endpoint, "--key", "wrong", "-c", "4", *urls)
        stats = sandbox.stats()
        equal("a wrong key: exit 3", done.code, 3)
        check("a few calls at most", 2 <= stats["unauthorized"] <= 8 and stats["ok"] == 0, stats)
        check("the sentence says what to do", b"key" in done.err and b"wrong" not in done.err,
              done.err)
    with Sandbox("profile=zenrows,credits=20") as sandbox:
        done = run("-p", "zenrows", "-e", sandbox.endpoint, "--key", "demo", "-c", "4", *urls)
        equal("no credits: exit 3", done.code, 3)
        ok = sum(r["outcome"] == "ok" for r in records(done.out))
        equal("what was paid for came in", ok, 20)
        check("the sentence names the credits", b"credits" in done.err, done.err)
    with Sandbox("profile=scraperapi,cost=5") as sandbox:
        done = run("-p", "scraperapi", "-e", sandbox.endpoint, "--key", "demo", "--max-credits",
                   "60", *urls)
        equal("--max-credits: exit 5", done.code, 5)
        stats = sandbox.stats()
        check("not overstepped, and used", 55 <= stats["credits"] <= 60, stats)
        equal("as many pages", sum(r["outcome"] == "ok" for r in records(done.out)), stats["ok"])


providers()
whole_runs()
finish()
