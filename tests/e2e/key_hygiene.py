"""The key is a word that nothing else holds, so that it is found wherever it should not be.

It goes to the endpoint and nowhere else: not to another host, not into what is written or said,
not into the process list, whatever the endpoint does.
"""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

KEY = "Zq7/tOkEn+w1th=0dd&chars"
ENCODED = quote(KEY, safe="")
PLAIN = "Vx93plainTokenKq"

count = 0


def traces(key, *texts):
    """Where the key shows, as it is, percent-encoded, or in base64."""
    forms = {key.encode(), quote(key, safe="").encode(), quote(key, safe="").lower().encode(),
             quote(key).encode(), base64.b64encode(key.encode()).rstrip(b"=")}
    return [t[max(0, t.find(f) - 80):t.find(f) + 80] for t in texts for f in forms if f in t]


def shown(what, key, *args, code, env=None):
    """Runs pfetch so that it says and writes all it can, and looks for the key in that."""
    global count
    count += 1
    here = f"run{count}"
    os.mkdir(path(here))
    texts = []
    for n, output in enumerate(("-", "o.jsonl", "dir/")):
        target = output if output == "-" else path(f"{here}/{output}")
        done = run("-vv", "--log-file", path(f"{here}/log{n}"), "--summary",
                   path(f"{here}/summary{n}"), "-o", target, "--retries", "1", *args,
                   "https://example.com/?a=1", env=env)
        texts += [done.out, done.err]
        equal(f"{what}: exit {code} with -o {output}", done.code, code)
    for folder, _, files in os.walk(path(here)):
        texts += [name.encode() for name in files]
        for name in files:
            with open(os.path.join(folder, name), "rb") as f:
                texts.append(f.read())
    check(f"{what}: the key is nowhere", not traces(key, *texts), traces(key, *texts))
    return b"\n".join(texts)


def ways_to_give_it():
    with Endpoint() as endpoint:
        where = ("-e", endpoint.endpoint)
        file = write("key", f"  {KEY}\t\r\nsecond line\n")
        ways = {"--key": (("--key", KEY), {}), "--key=": ((f"--key={KEY}",), {}),
                "--key-file": (("--key-file", file), {}),
                "PROXIESAPI_KEY": ((), {"PROXIESAPI_KEY": KEY}),
                "PFETCH_KEY": ((), {"PFETCH_KEY": KEY}),
                "the profile's variable first": ((), {"PROXIESAPI_KEY": KEY,
                                                      "PFETCH_KEY": "other"}),
                "the option first": (("--key", KEY), {"PROXIESAPI_KEY": "other"})}
        for what, (args, env) in ways.items():
            before = len(endpoint.requests)
            shown(what, KEY, *where, *args, env=env, code=0)
            equal(f"{what}: the endpoint gets it", {r.params["auth_key"] for r in
                                                    endpoint.requests[before:]}, {KEY.encode()})
        done = run(*where, "--key", KEY + "\x01", "https://example.com/")
        equal("a key that cannot be one: exit 2", done.code, 2)
        check("a key that cannot be one: is not shown", not traces(KEY, done.err), done.err)
        for wrong in (("--key", KEY, "--key-file", file), ("--key", KEY, "--no-such"),
                      ("--keys", KEY), ("--key", KEY, "-o", "nowhere/x.jsonl"),
                      ("--key", KEY, "--premium")):
            done = run(*where, *wrong, "https://example.com/")
            equal(f"{wrong[-2][:8]} is refused", done.code, 2)
            check("and the key not shown", not traces(KEY, done.err, done.out), done.err)


def process_list():
    """As it is while a call is under way, which with the right key takes as long as it likes."""
    if not os.path.exists("/proc/self/cmdline"):
        skip("the process list: there is no /proc to read it from")
        return
    for args in (("--key", PLAIN), (f"--key={PLAIN}",)):
        with Sandbox(f"key={PLAIN},latency=3000s") as sandbox:
            process = start("-e", sandbox.endpoint, *args, "https://example.com/")
            wait_until("the call is under way", lambda: sandbox.stats()["in_flight"] == 1,
                       process)
            with open(f"/proc/{process.pid}/cmdline", "rb") as f:
                command = f.read()
            process.kill()
            end(process)
            check("it is not in the process list", b"https://example.com/" in command and
                  not traces(PLAIN, command), command)


def failing_endpoints():
    refused = f"http://127.0.0.1:{free_port()}/"
    shown("connection refused", KEY, "-e", refused, "--key", KEY, code=1)
    shown("no such host", KEY, "-e", "http://endpoint.invalid/", "--key", KEY, "--retries", "0",
          "--timeout", "3", code=1)
    with Endpoint(lambda r: (500, [("X-Asked", r.target)], b"no")) as endpoint:
        text = shown("500 with the request in a header field", KEY, "-e", endpoint.endpoint,
                     "--key", KEY, code=1)
        check("where REDACTED stands for it", b"auth_key=REDACTED&" in text, text[:500])
    with Endpoint(lambda r: (401, [("WWW-Authenticate", f"Key realm={KEY}")], b"")) as endpoint:
        shown("401 with the key itself", KEY, "-e", endpoint.endpoint, "--key", KEY, code=3)
    with Endpoint(lambda r: (200, [("X-Key", PLAIN), ("X-Path", f"/a/{PLAIN}/b"),
                                   ("X-Word", f"x{PLAIN}y")], b"ok")) as endpoint:
        shown("200 with the key in its fields", PLAIN, "-e", endpoint.endpoint, "--key", PLAIN,
              code=0)


def redirects():
    """The key may follow on the same host, never to another one."""
    with Endpoint() as other:
        for name in ("localhost", "127.0.0.2", f"127.0.0.1.example.test:{other.port}",
                     f"user@127.0.0.2:{other.port}"):
            to = name if ":" in name else f"{name}:{other.port}"
            for status in (301, 302, 303, 307, 308):
                with Endpoint(lambda r: (status, [("Location", f"http://{to}{r.target}")],
                                         b"")) as endpoint:
                    done = run("-e", endpoint.endpoint, "--key", PLAIN, "--retries", "0",
                               "--resolve", f"127.0.0.1.example.test:{other.port}:127.0.0.1",
                               "https://example.com/")
                    got = records(done.out)[0]
                    equal(f"{status} to {name}: is no page", (done.code, got["outcome"]),
                          (1, "provider_error"))
                    check("and the key not shown", not traces(PLAIN, done.out, done.err),
                          done.out)
        equal("nobody else was asked", other.requests, [])
        with Endpoint(lambda r: (302, [("Location", f"http://localhost:{other.port}/x")],
                                 b"")) as endpoint:
            shown("a redirect elsewhere", PLAIN, "-e", endpoint.endpoint, "--key", PLAIN, code=1)
    seen = []

    def same_host(request):
        seen.append(request)
        if request.target.startswith("/new"):
            return 200, [], b"moved"
        return 307, [("Location", f"/new{request.target}")], b""

    with Endpoint(same_host) as endpoint:
        done = run("-e", endpoint.endpoint, "--key", KEY, "https://example.com/")
        equal("a redirect on the same host is followed",
              (done.code, body_of(records(done.out)[0])), (0, b"moved"))
        equal("with the key", {r.params["auth_key"] for r in seen}, {KEY.encode()})
        equal("as one attempt", records(done.out)[0]["attempts"], 1)


ways_to_give_it()
process_list()
failing_endpoints()
redirects()
finish()
