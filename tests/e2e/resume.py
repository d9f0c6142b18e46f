"""--resume and what goes with it: what is missing is taken up, and nothing else is fetched."""
import resource
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

urls = [f"https://example.com/{i}" for i in range(60)]


def lines(name):
    return records(read(name))


def resumed(name, targets, *args, sandbox, code=0):
    """Runs --resume on work/name; how many calls that made."""
    before = sandbox.stats()["calls"]
    done = run(*sandbox.args, "-i", "-", "-o", path(name), "--resume", *args,
               given="".join(f"{t}\n" for t in targets).encode())
    equal(f"{name} {' '.join(args)}: exit {code}", done.code, code)
    return sandbox.stats()["calls"] - before, done


def takes_up_what_is_missing():
    with Sandbox("size=1k") as sandbox:
        calls, done = resumed("a.jsonl", urls[:20], sandbox=sandbox)
        equal("without an output it starts one", (calls, len(lines("a.jsonl"))), (20, 20))
        shuffled = urls[40:60] + urls[10:30] + urls[0:10]
        calls, done = resumed("a.jsonl", shuffled, sandbox=sandbox)
        equal("a list that grew and was shuffled: what is new is fetched", calls, 30)
        check("it says what is there", b"20 records are in" in done.err, done.err)
        got = lines("a.jsonl")
        equal("every page is there once", sorted(r["url"] for r in got),
              sorted(urls[:30] + urls[40:]))
        equal("places are those of the list as it is now",
              {r["url"]: r["index"] for r in got[20:]},
              {url: i for i, url in enumerate(shuffled) if url not in urls[:20]})
        equal("the whole list again: nothing", resumed("a.jsonl", shuffled, sandbox=sandbox)[0], 0)

        data = read("a.jsonl")
        write("a.jsonl", data[:-200])
        calls, done = resumed("a.jsonl", shuffled, sandbox=sandbox)
        check("a torn record is cut off", b"torn record" in done.err, done.err)
        equal("and its page fetched again", calls, 1)
        equal("so that all is whole", sorted(r["url"] for r in lines("a.jsonl")),
              sorted(urls[:30] + urls[40:]))


def counts_twins():
    """A list that names a target twice wants two pages; --unique wants one."""
    with Sandbox("size=1k") as sandbox:
        twice = [urls[0], urls[1], urls[0], urls[2]]
        resumed("twins.jsonl", twice[:1], sandbox=sandbox)
        equal("one of two is missing", resumed("twins.jsonl", twice, sandbox=sandbox)[0], 3)
        equal("none is", resumed("twins.jsonl", twice, sandbox=sandbox)[0], 0)
        equal("with --unique one is fetched",
              resumed("unique.jsonl", twice + twice, "--unique", sandbox=sandbox)[0], 3)
        equal("also when it is resumed",
              resumed("unique.jsonl", twice + twice, "--unique", sandbox=sandbox)[0], 0)


def knows_requests():
    """Targets with parameters or headers of their own are others than their URL alone."""
    targets = [json.dumps({"url": urls[0], **more}) for more in
               ({}, {"params": {"page": "1"}}, {"params": {"page": "2"}},
                {"headers": {"Accept-Language": "de"}}, {"id": "x"})]
    listed = write("list.jsonl", "\n".join(targets) + "\n")
    with Sandbox("size=1k") as sandbox:
        for wanted in (5, 0):
            before = sandbox.stats()["calls"]
            done = run(*sandbox.args, "-i", listed, "-o", path("requests.jsonl"), "--resume")
            equal("a JSONL list", (done.code, sandbox.stats()["calls"] - before), (0, wanted))
    got = {r["index"]: r for r in lines("requests.jsonl")}
    equal("the identity is on record where the URL does not tell it",
          [len(got[i].get("request", "")) for i in range(5)], [0, 32, 32, 32, 0])
    equal("and differs", len({got[i]["request"] for i in (1, 2, 3)}), 3)


def takes_up_what_failed():
    """Of three kinds of failure, only what another attempt may mend is asked for again."""
    answers = {}

    def answer(request):
        url = request.url.decode()
        answers[url] = answers.get(url, 0) + 1
        if url.endswith("/gone"):
            return 404, [], b"gone"
        if url.endswith("/flaky") and broken:
            return 500, [], b"not now"
        return 200, [("Content-Type", "text/html")], b"<p>page</p>"

    listed = "".join(f"https://example.com/{x}\n" for x in ("fine", "gone", "flaky")) + "no URL\n"
    broken = True
    with Endpoint(answer) as endpoint:
        def fetch(*args):
            answers.clear()
            return run(*endpoint.args, "-p", "generic", "--retries", "0", "-i", "-", "-o",
                       path("failed.jsonl"), *args, given=listed.encode())
        first = fetch()
        equal("some are not ok", first.code, 1)
        again = fetch("--resume")
        equal("--resume alone leaves them, and says so by its status", (again.code, answers),
              (1, {}))
        check("and in words", b"--retry-failed" in again.err, again.err)
        broken = False
        fetch("--resume", "--retry-failed")
        kinds = {r["url"]: (r["outcome"], r["status"]) for r in lines("failed.jsonl")}
        wanted = {"https://example.com/flaky": 1}
        if kinds.get("https://example.com/gone") != ("target_error", 404):
            wanted["https://example.com/gone"] = 1  # the provider's own failure, then
        equal("--retry-failed takes up what may be mended", answers, wanted)
        fetch("--resume", "--retry-failed")
        wanted.pop("https://example.com/flaky")
        equal("and only as long as it is not", answers, wanted)
    got = [r for r in lines("failed.jsonl") if r["url"].endswith("flaky")]
    equal("both records are there, the later one says that it replaces the other",
          [(r["outcome"] == "ok", r.get("again", False)) for r in got],
          [(False, False), (True, True)])


def refuses_other_options():
    with Sandbox("size=1k") as sandbox:
        resumed("b.jsonl", urls[:3], sandbox=sandbox)
        before = read("b.jsonl")
        calls, done = resumed("b.jsonl", urls[:5], "--param", "token=s3cr3t", code=2,
                              sandbox=sandbox)
        check("another option is refused by its name", b"another --param" in done.err, done.err)
        equal("and nothing is sent or written", (calls, read("b.jsonl")), (0, before))
        calls, done = resumed("b.jsonl", urls[:5], "--param", "token=s3cr3t", "--force",
                              sandbox=sandbox)
        equal("--force goes on", calls, 2)
        check("values are not on record", b"s3cr3t" not in read("b.jsonl"))
        equal("what only judges or hastens is no obstacle",
              resumed("b.jsonl", urls[:6], "--param", "token=s3cr3t", "--timeout", "7", "-c", "3",
                      "--max-body", "1M", sandbox=sandbox)[0], 1)
    for args, word in ((("--retry-failed",), b"--resume"), (("--force",), b"--resume"),
                       (("--resume",), b"standard output")):
        done = run("--sandbox", *args, urls[0])
        equal(f"{args[0]} alone is refused", done.code, 2)
        check(f"{args[0]}: it says why", word in done.err, done.err)
    done = run("--sandbox", urls[0], "-o", path("b.jsonl"))
    equal("without --resume an output that exists is refused", done.code, 2)
    check("and --resume named", b"--resume" in done.err, done.err)


def is_locked():
    with Sandbox("latency=3000s") as sandbox:
        first = start(*sandbox.args, "-o", path("locked.jsonl"), urls[0])
        wait_until("it is under way", lambda: sandbox.stats()["in_flight"] == 1, first)
        second = run(*sandbox.args, "-o", path("locked.jsonl"), "--resume", urls[0])
        equal("a second run on the same output is refused", second.code, 2)
        check("and told by whom", b"process %d:" % first.pid in second.err, second.err)
        first.kill()
        end(first)
        equal("the lock goes with its process",
              run("--sandbox", "-o", path("locked.jsonl"), "--resume", urls[0]).code, 0)


def keeps_the_order():
    """--ordered: the first page is the slowest, and 200 pages wait for it, most of them on disk."""
    def answer(request):
        if request.url.endswith(b"/0"):
            time.sleep(1)
        return 200, [("Content-Type", "text/html")], request.url * 4000

    with Endpoint(answer) as endpoint:
        many = "".join(f"https://example.com/{i}\n" for i in range(250)) + "no URL\n"
        for form, args in (("file", ("-o", path("ordered.jsonl"))), ("pipe", ())):
            done = run(*endpoint.args, "-c", "8", "--ordered", "-i", "-", *args,
                       given=many.encode())
            equal(f"{form}: one line is no URL", done.code, 1)
            got = records(read("ordered.jsonl") if args else done.out)
            equal(f"{form}: records in the list's order", [r["index"] for r in got],
                  list(range(251)))
            check(f"{form}: bodies are their own",
                  all(body_of(r) == r["url"].encode() * 4000 for r in got[:250]))


def survives_a_full_disk():
    """A file that cannot grow stands for the disk."""
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    for name in ("full.jsonl", "full.jsonl.gz", "full.jsonl.zst"):
        with Sandbox("size=6k..9k,seed=1,latency=1ms..5ms") as sandbox:
            command = (*sandbox.args, "-c", "8", "-i", "-", "-o", path(name), "--resume")
            given = "".join(f"{url}?{i}\n" for i in range(8) for url in urls).encode()
            done = run(*command, given=given, preexec_fn=small_files)
            equal(f"{name}: a full disk ends it", done.code, 4)
            check(f"{name}: it says so", name.encode() in done.err, done.err)
            before = sandbox.stats()["calls"]
            done = run(*command, given=given)
            equal(f"{name}: with room again it goes on", done.code, 0)
            check(f"{name}: from where it was", sandbox.stats()["calls"] < before + 480)
        data = read(name)
        if name[-2:] != "nl":
            data = subprocess.run(["gzip" if name.endswith(".gz") else "zstd", "-dc"], input=data,
                                  capture_output=True, check=True).stdout
        got = records(data)
        equal(f"{name}: every page once", len({r["url"] for r in got}), 480)
        equal(f"{name}: and no other", len(got), 480)
        check(f"{name}: whole", all(body_of(r) for r in got))


takes_up_what_is_missing()
survives_a_full_disk()
counts_twins()
knows_requests()
takes_up_what_failed()
refuses_other_options()
is_locked()
keeps_the_order()
finish()
