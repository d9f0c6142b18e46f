"""The bundled list through a real nginx with -e: plain, compressed, short keep-alive, TLS."""
import re
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

need("nginx", "openssl")

CALLS = 16

CONF = """
daemon off;
master_process off;
pid %(dir)s/pid;
error_log %(dir)s/error.log;
events { worker_connections 512; }
http {
    log_format brief '$connection $status $ssl_session_reused $request_uri';
    access_log %(dir)s/access.log brief;
    client_body_temp_path %(dir)s/t1; proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3;
    uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
    default_type text/html;
    keepalive_requests 10000;
    ssl_certificate %(dir)s/server.pem;
    ssl_certificate_key %(dir)s/server.key;
    ssl_session_tickets on;
    server {
        listen 127.0.0.1:%(plain)d;
        listen 127.0.0.1:%(tls)d ssl;
        location / { return 200 "<h1>$arg_url</h1>\\n"; }
        location /file { alias %(dir)s/page.html; }
        location /gzip { alias %(dir)s/page.html; gzip on; gzip_min_length 1; }
        location /short { keepalive_requests 10; return 200 "<h1>$arg_url</h1>\\n"; }
        location /single { keepalive_timeout 0; return 200 "<h1>$arg_url</h1>\\n"; }
    }
}
"""


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, cwd=work, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def make_certificates():
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=A test CA", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj",
            "/CN=endpoint.test")
    write("extensions", "subjectAltName=DNS:endpoint.test\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out", "server.pem")


def start_nginx():
    """Gives the ports; a port that somebody else takes at the last moment is another try."""
    for _ in range(5):
        values = {"dir": work, "plain": free_port(), "tls": free_port()}
        write("nginx.conf", CONF % values)
        nginx = start("-p", work, "-e", path("error.log"), "-c", path("nginx.conf"),
                      program=shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"),
                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL)
        while nginx.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", values["plain"]), HANG_S).close()
                return values["plain"], values["tls"]
            except ConnectionRefusedError:
                time.sleep(0.05)
    print(read("error.log").decode())
    skip_all("nginx does not start here")


def log():
    """The lines of nginx's log since it was last asked: (connection, status, reused, request)."""
    lines = [line.split(" ", 3) for line in read("access.log").decode().splitlines()]
    got = lines[log.seen:]
    log.seen = len(lines)
    return got


log.seen = 0


def fetch(endpoint, *args, urls=None, calls=CALLS):
    """The list, or `urls`, through an endpoint: the run, its records, its summary."""
    what = ("-i", URLS) if urls is None else urls
    log()
    done = run("-e", endpoint, "--key", "demo", "-c", str(calls), "--summary", path("summary"),
               *args, *what)
    return done, records(done.out), summary_of("summary")


def holds_its_url(record):
    """nginx gives the url parameter back as it came."""
    got = re.fullmatch(rb"<h1>(.*)</h1>\n", body_of(record))
    return got and unquote_to_bytes(got[1]) == record["url"].encode()


def plain_http():
    done, got, summary = fetch(plain)
    equal("the bundled list through nginx is ok", done.code, 0)
    equal("a record for each URL", sorted(r["url"] for r in got), sorted(listed))
    check("each page is that of its own URL", all(holds_its_url(r) for r in got))
    asked = log()
    equal("one call each", (len(asked), summary["attempts"]), (len(listed), len(listed)))
    check("over no more connections than calls", len({a[0] for a in asked}) <= CALLS,
          summary["connections"])
    check("the summary knows them", summary["connections"] <= CALLS, summary["connections"])


def files_and_coding():
    done, got, summary = fetch(plain + "file")
    equal("a file of nginx", (done.code, len(got)), (0, len(listed)))
    check("is the same for each", all(body_of(r) == page for r in got))
    done, got, packed = fetch(plain + "gzip")
    equal("nginx's gzip", (done.code, len(got)), (0, len(listed)))
    check("is unpacked", all(body_of(r) == page for r in got))
    check("and was packed on the way",
          packed["bytes_received"] < summary["bytes_received"] / 2, packed)
    done, got, summary = fetch(plain + "short")
    equal("connections that end after 10 calls", (done.code, len(got)), (0, len(listed)))
    equal("cost no attempt", summary["attempts"], len(listed))
    check("and are used until then", summary["connections"] <= len(listed) // 10 + CALLS, summary)
    done, got, summary = fetch(plain + "single", urls=listed[:50])
    equal("connections that serve one call", (done.code, summary["attempts"]), (0, 50))


def refused(what, done, got, *words):
    equal(f"{what}: exit 1", done.code, 1)
    check(f"{what}: a network failure", all(r["outcome"] == "network" for r in got), got)
    check(f"{what}: the record says so",
          all(any(w in r["error"] for w in words) for r in got), [r.get("error") for r in got])
    equal(f"{what}: is not tried again", {r["attempts"] for r in got}, {1})
    equal(f"{what}: the key was not sent", log(), [])


def tls():
    ca = ("--cacert", path("ca.pem"))
    endpoint = f"https://endpoint.test:{tls_port}/"
    here = ("--resolve", f"endpoint.test:{tls_port}:127.0.0.1")
    few = listed[:3]

    done, got, summary = fetch(endpoint, *ca, *here)
    equal("the list over TLS with --cacert and --resolve", (done.code, len(got)), (0, len(listed)))
    check("each page is that of its own URL over TLS", all(holds_its_url(r) for r in got))
    check("over no more connections than calls", len({a[0] for a in log()}) <= CALLS, summary)
    check("without a warning about the key", b"warning" not in done.err, done.err)

    done, got, summary = fetch(endpoint + "single", *ca, *here, urls=listed[:30], calls=1)
    equal("30 TLS connections one after the other", done.code, 0)
    check("sessions are resumed", [a[2] for a in log()].count("r") >= 25, done.err)

    done, got, _ = fetch(endpoint, *here, urls=few)
    refused("a CA that is not trusted", done, got, "certificate")
    elsewhere = f"https://elsewhere.test:{tls_port}/"
    there = ("--resolve", f"elsewhere.test:{tls_port}:127.0.0.1")
    done, got, _ = fetch(elsewhere, *ca, *there, urls=few)
    refused("a certificate for another host", done, got, "certificate")
    done, got, _ = fetch(f"https://127.0.0.1:{tls_port}/", *ca, urls=few)
    refused("a certificate that has not the address", done, got, "certificate")

    done, got, _ = fetch(elsewhere, "--insecure", *there, urls=few)
    equal("--insecure takes it", (done.code, len(log())), (0, 3))
    done = run("-e", endpoint, "--key", "demo", "--cacert", path("missing.pem"), *here, *few)
    equal("--cacert without a file: exit 2", done.code, 2)
    check("--cacert without a file: is named", b"missing.pem" in done.err, done.err)
    done, got, _ = fetch(f"http://endpoint.test:{tls_port}/", *here, urls=few)
    equal("http to a TLS port is no page", (done.code, len(got)), (1, 3))
    done, got, _ = fetch(f"https://127.0.0.1:{plain_port}/", "--retries", "0", urls=few)
    equal("TLS to a plain port is no page", (done.code, {r["outcome"] for r in got}),
          (1, {"network"}))


def warns_once():
    """The key in clear text to a host that is not this machine."""
    here = ("--resolve", f"endpoint.test:{plain_port}:127.0.0.1")
    done, got, _ = fetch(f"http://endpoint.test:{plain_port}/", *here, urls=listed[:50])
    equal("--resolve without TLS", (done.code, len(got)), (0, 50))
    equal("a key in clear text is warned of once", done.err.count(b"warning"), 1)
    done, got, _ = fetch(plain, urls=listed[:3])
    check("but not on loopback", b"warning" not in done.err, done.err)


with open(URLS, encoding="utf-8") as f:
    listed = f.read().splitlines()
page = write("page.html", "<p>a page of nginx</p>\n" * 500) and read("page.html")
make_certificates()
plain_port, tls_port = start_nginx()
plain = f"http://127.0.0.1:{plain_port}/"
plain_http()
files_and_coding()
tls()
warns_once()
finish()
