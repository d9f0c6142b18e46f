"""The account's limits: found by itself, kept for the next run, changed while it goes on."""
import resource
import signal
import sys
import time

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403


def urls(count):
    return [f"https://host{i % 7}.example.com/{i}" for i in range(count)]


def found():
    """The numbers kept for the next run."""
    try:
        with open(os.path.join(os.environ["XDG_STATE_HOME"], "pfetch/concurrency")) as f:
            return [int(line.split()[1]) for line in f]
    except FileNotFoundError:
        return []


def plan_is_found():
    with Sandbox("latency=lognormal:60ms:0.3,limit=12") as sandbox:
        write("list", "\n".join(urls(1500)).encode())
        done = run(*sandbox.args, "-i", "list", "-o", path("found.jsonl"))
        equal("a plan of 12, nothing told: exit 0", done.code, 0)
        stats = sandbox.stats()
        equal("each page once", stats["ok"], 1500)
        check("few calls are refused", stats["throttled"] <= 75, stats)
        check("the plan is used", stats["max_in_flight"] >= 8, stats)
        kept = found()
        check("what was found is kept", len(kept) == 1 and 6 <= kept[0] <= 14, kept)
        with open(os.path.join(os.environ["XDG_STATE_HOME"], "pfetch/concurrency")) as f:
            check("without the key", "demo" not in f.read())


def plan_is_obeyed():
    """Five times the plan, said by the user: all pages come, and the brake holds."""
    with Sandbox("latency=20ms,limit=4") as sandbox:
        done = run(*sandbox.args, "-c", "20", *urls(60))
        equal("-c over the plan: exit 0", done.code, 0)
        equal("-c over the plan: each page once", sandbox.stats()["ok"], 60)


def settings_change():
    with Sandbox("latency=20ms") as sandbox:
        write("control", b"concurrency = 1\npause = yes\n")
        pfetch = start(*sandbox.args, "--control", path("control"), "-v", "--progress", "json",
                       *urls(40))
        state = next(r for r in map(json.loads, pfetch.stderr) if r["type"] == "progress")
        equal("the pause is told of", (state["paused"], state["queued"]), (True, 40))
        equal("a pause holds all", sandbox.stats()["calls"], 0)
        write("control", b"concurrency = 3\npause = no\nspeed = 9\n")
        pfetch.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        equal("a file with a fault changes nothing", sandbox.stats()["calls"], 0)
        write("control", b"concurrency = 3\npause = no\n")
        pfetch.send_signal(signal.SIGHUP)
        out, err = pfetch.communicate(timeout=HANG_S)
        equal("SIGHUP lets it go: exit 0", pfetch.returncode, 0)
        equal("all pages", len(records(out)), 40)
        check("told of the fault and of the change", b"nothing is changed" in err and
              b"is in force" in err, err)
        check("three at once", sandbox.stats()["max_in_flight"] <= 3, sandbox.stats())
        done = run(*sandbox.args, "--control", path("missing"), *urls(1))
        equal("a control file that is not there: exit 2", done.code, 2)


def hosts_share():
    with Sandbox("latency=20ms") as sandbox:
        lines = [f"https://big.example.com/{i}" for i in range(100)] + \
                [f"https://small{i}.example.com/" for i in range(10)]
        write("hosts", "\n".join(lines).encode())
        done = run(*sandbox.args, "-c", "4", "--per-domain", "2", "-i", "hosts")
        order = [r["url"] for r in records(done.out)]
        equal("--per-domain: exit 0", done.code, 0)
        small = [i for i, url in enumerate(order) if "small" in url]
        check("the small hosts do not wait for the big one", small and max(small) < 70, small)


def descriptors_run_out():
    """Far more calls than the system gives descriptors: fewer at once, and no page the worse."""
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))

    with Sandbox("latency=30ms,size=1k") as sandbox:
        write("many", "\n".join(urls(600)).encode())
        done = run(*sandbox.args, "-c", "200", "--http1.1", "-i", "many", preexec_fn=few_files)
        equal("out of descriptors: exit 0", done.code, 0)
        equal("every page is ok", [r["outcome"] for r in records(done.out)], ["ok"] * 600)
        check("it says so, and goes on with what it has",
              b"no further connection" in done.err and b"open files" in done.err, done.err)
        stats = sandbox.stats()
        check("with fewer at once", stats["max_in_flight"] < 48, stats)
        equal("and no call is made twice", stats["calls"], 600)


plan_is_found()
descriptors_run_out()
plan_is_obeyed()
settings_change()
hosts_share()
finish()
