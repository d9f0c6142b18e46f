"""SIGINT and SIGTERM: what is under way lands and is on record; the second one ends it at once."""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

CALLS = 5


def started(sandbox):
    """pfetch with CALLS calls under way at the sandbox and a long list behind them."""
    process = start(*sandbox.args, "-c", str(CALLS), "-i", URLS, "--summary", path("summary"))
    wait_until("calls are under way", lambda: sandbox.stats()["in_flight"] == CALLS,
               process)
    return process


def wait_for_word(process):
    """That the first signal has arrived; two at once would be one."""
    line = b" "
    while line and b"interrupted" not in line:
        line = process.stderr.readline()
    check("the first signal is answered", line)


def first_signal(number):
    name = signal.Signals(number).name
    with Sandbox("latency=1s") as sandbox:
        process = started(sandbox)
        process.send_signal(number)
        done = end(process)
        calls = sandbox.stats()["calls"]
    got = records(done.out)
    summary = summary_of("summary")
    equal(f"{name}: exit status", done.code, 128 + number)
    check(f"{name}: the rest was not sent", CALLS <= calls < 1000, calls)
    equal(f"{name}: what was under way is on record", len(got), calls)
    equal(f"{name}: and ok", {r["outcome"] for r in got}, {"ok"})
    check(f"{name}: every page is whole", all(body_of(r) for r in got))
    equal(f"{name}: the summary says so",
          (summary["stopped_by"], summary["exit_code"], summary["recorded"]),
          ("signal", 128 + number, calls))
    check(f"{name}: says what happens, and how long it may take",
          b"interrupted" in done.err and b"at most 120 s" in done.err, done.err)


def second_signal(number):
    """Each call takes far longer than the test waits for anything."""
    name = signal.Signals(number).name
    with Sandbox("latency=3000s") as sandbox:
        process = started(sandbox)
        process.send_signal(number)
        wait_for_word(process)
        equal(f"{name}: the first waits for what is under way", process.poll(), None)
        process.send_signal(number)
        done = end(process)
    equal(f"{name}: the second does not", done.code, 128 + number)
    equal(f"{name}: no record of what did not end", done.out, b"")
    summary = summary_of("summary")
    equal(f"{name}: the summary counts it", (summary["cancelled"] >= CALLS, summary["attempts"]),
          (True, CALLS))


def while_waiting():
    """For more of the list, for a retry, and for a reader."""
    process = start("--sandbox", "-i", "-")
    process.stdin.write(b"https://example.com/\n")
    process.stdin.flush()
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    wait_for_word(process)  # the list's end, which comes next, must not come before it
    done = end(process)
    equal("SIGINT while the list is waited for", (done.code, len(records(first + done.out))),
          (130, 1))
    with Sandbox() as sandbox:
        process = start(*sandbox.args,
                        "https://example.com/?sandbox=status-503,retry-after-250")
        wait_until("the first attempt is over", lambda: sandbox.stats()["errors"] == 1,
                   process)
        process.send_signal(signal.SIGINT)
        done = end(process)
        equal("SIGINT while a retry is waited for", (done.code, sandbox.stats()["calls"]),
              (130, 1))
    with Sandbox("size=100k") as sandbox:
        process = start(*sandbox.args, "-i", URLS)
        # Nobody reads: the pipe is full, then what may be buffered is.
        wait_until("pages come", lambda: sandbox.stats()["calls"] > 0, process)
        calls = 0
        while calls != sandbox.stats()["calls"]:
            calls = sandbox.stats()["calls"]
            time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        wait_for_word(process)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=HANG_S)
        done = end(process)
        equal("two SIGINT while the reader sleeps", done.code, 130)


def asked():
    """SIGUSR1: the state of the run, also where no progress is shown; it goes on."""
    with Sandbox("latency=1s") as sandbox:
        process = start(*sandbox.args, "-c", "5", "--progress", "none",
                        *(f"https://example.com/{i}" for i in range(5)))
        wait_until("calls are under way", lambda: sandbox.stats()["in_flight"] == 5, process)
        process.send_signal(signal.SIGUSR1)
        line = process.stderr.readline()
        check("SIGUSR1 tells the state", b"0 of 5 pages" in line and b"5 in flight" in line, line)
        done = end(process)
    equal("and the run goes on", (done.code, len(records(done.out))), (0, 5))


asked()
for signal_number in (signal.SIGINT, signal.SIGTERM):
    first_signal(signal_number)
    second_signal(signal_number)
while_waiting()
finish()
