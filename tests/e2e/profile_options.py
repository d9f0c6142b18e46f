"""Profiles on the command line, what is shown without being sent, and which pages are none."""
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

OWN = b"""# The sandbox, in words of one's own.
name = own
endpoint = http://api.example.com/
key_variable = OWN_KEY
key = query auth_key
target = query url
country = geo={}
timeout = 20
rule = 200 -> page
rule = 404 -> target
rule = * -> transient
"""


def shown():
    done = run("--list-profiles")
    equal("--list-profiles: exit 0", done.code, 0)
    names = [line.split(b"\t")[0].decode() for line in done.out.splitlines()]
    check("all thirteen are there", len(names) == len(set(names)) == 13, names)
    for name in names:
        text = run("--show-profile", name)
        check(f"--show-profile {name}", text.code == 0 and f"name = {name}\n".encode() in text.out)
        asked = ["--show-request", "https://example.com/?a=b&c=d"]
        if name == "generic":
            asked += ["-e", "http://api.example.com/"]
        by_name = run("-p", name, *asked)
        equal(f"--show-request {name}: exit 0", by_name.code, 0)
        by_file = run("--profile-file", write("as-file", text.out), *asked)
        equal(f"the text of {name} is a profile file", by_file, by_name)
    done = run("--show-profile", "nosuch")
    check("an unknown profile", done.code == 2 and b"--list-profiles" in done.err, done)


def request():
    env = {"SCRAPINGBEE_KEY": "s3cret-key"}
    done = run("--profile", "scrapingbee", "--country", "de", "--render", "--show-request",
               "https://example.com/", env=env)
    equal("the request is shown", done.code, 0)
    line = done.out.split(b"\r\n")[0]
    for part in (b"GET ", b"api_key=***", b"country_code=de", b"render_js=true",
                 b"url=https%3A%2F%2Fexample.com%2F"):
        check(f"it has {part.decode()}", part in line, line)
    done = run("--key", "s3cret-key", "-p", "zyte", "--show-request", "https://example.com/a",
               "https://example.com/b", env=env)
    check("two of them, the key in neither", done.out.count(b"POST ") == 2 and
          b"s3cret" not in done.out and b"\n\nPOST" in done.out, done)
    done = run("-p", "scrapestack", "--session", "1", "--show-request", "https://example.com/")
    check("what a profile cannot say is an error", done.code == 2 and b"session" in done.err and
          done.out == b"", done)
    done = run("--show-request", "ftp://example.com/")
    check("what is no target is an error", done.code == 2 and done.out == b"", done)


def own_profile():
    with Sandbox() as sandbox:
        write("own", OWN)
        done = run("--profile-file", path("own"), "-e", sandbox.endpoint, "https://example.com/",
                   env={"OWN_KEY": "demo", "PFETCH_KEY": None})
        equal("a profile of one's own, its key from its variable", done.code, 0)
        equal("the page came", records(done.out)[0]["outcome"], "ok")
    for says, text in {"bad:2:": b"name = own\nnonsense\n", "no key": b"name = own\n"}.items():
        done = run("--profile-file", write("bad", text), "https://example.com/", "--key", "demo")
        check(f"a broken profile names {says}", done.code == 2 and says.encode() in done.err,
              done.err)
    done = run("--profile-file", path("none"), "https://example.com/", "--key", "demo")
    check("no such profile file", done.code == 2 and b"none" in done.err, done.err)


def the_manual_s():
    with open(os.path.join(SRCDIR, "doc/pfetch-profile.5"), encoding="utf-8") as page:
        text = page.read().rsplit(".EX\n", 1)[1].split(".EE\n", 1)[0].replace("\\-", "-")
    example = write("example", text.encode())
    done = run("--profile-file", example, "--country", "DE", "-H", "X-One: 1", "--show-request",
               "https://example.com/")
    for part in (b"&country_code=de&", b"\nSpb-X-One: 1\r", b"\nAuthorization: Bearer ***\r"):
        check(f"the example in pfetch-profile(5) is spelled: {part}", part in done.out, done)
    for said, outcome in {"ok": "ok", "error": "provider_error", "target-404": "target_error",
                          "api-no-credits": "account", "api-bad-key": "account",
                          "api-throttled,times-1": "ok"}.items():
        done = run("--profile-file", example, "--sandbox=profile=scrapingbee", "--retries", "0",
                   f"https://example.com/?sandbox={said}")
        equal(f"it understands {said}", records(done.out)[0]["outcome"], outcome)


def blocked():
    def one(*args, spec=""):
        done = run(f"--sandbox={spec}", "--retries", "0", *args, "https://example.com/")
        return records(done.out)[0]

    record = one(spec="captcha=1")
    equal("a CAPTCHA is blocked", record["outcome"], "blocked")
    equal("its maker is the reason", record["reason"], "recaptcha")
    check("the body is kept", b"captcha" in body_of(record))
    equal("--no-ban-pages", one("--no-ban-pages", spec="captcha=1")["outcome"], "ok")
    equal("--ban-regex found", one("--ban-regex", "<h[0-9]")["outcome"], "blocked")
    equal("--ban-regex not found", one("--ban-regex", "no such words")["outcome"], "ok")
    equal("--expect-regex found", one("--expect-regex", "</html>")["outcome"], "ok")
    equal("--expect-regex not found", one("--expect-regex", "no such words")["outcome"], "blocked")
    equal("--min-bytes", one("--min-bytes", "1M")["outcome"], "blocked")
    done = run("--sandbox", "--ban-regex", "(", "https://example.com/")
    check("a broken expression is told before anything is sent",
          done.code == 2 and b"ban_regex" in done.err.replace(b"-", b"_"), done.err)
    with Sandbox("captcha=1") as sandbox:
        done = run(*sandbox.args, "https://example.com/")
        equal("a ban page is asked for twice more", records(done.out)[0]["attempts"], 3)


shown()
request()
own_profile()
the_manual_s()
blocked()
finish()
