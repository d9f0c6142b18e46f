"""The bundled list by HTTP/2 through real servers: nginx, nghttpd and h2o, whichever are here."""
import collections
import re
import sys

sys.dont_write_bytecode = True
from harness import *  # noqa: E402,F403

need("openssl")

CALLS = 1000
PAGE = b"<p>a page of a server</p>\n" * 100

NGINX = """
daemon off;
master_process off;
pid %(dir)s/pid;
error_log %(dir)s/error.log;
events { worker_connections 4096; }
http {
    log_format brief '$connection $status $server_protocol $request_uri';
    access_log %(dir)s/access.log brief;
    client_body_temp_path %(dir)s/t1; proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3;
    uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
    default_type text/html;
    root %(dir)s/pages;
    ssl_certificate %(dir)s/server.pem;
    ssl_certificate_key %(dir)s/server.key;
    http2_max_concurrent_streams 128;
    server {
        listen 127.0.0.1:%(tls)d ssl http2;
        keepalive_requests 1000000;
    }
    server {
        listen 127.0.0.1:%(plain)d http2;
        keepalive_requests 1000000;
    }
    server {
        listen 127.0.0.1:%(short)d ssl http2;
        keepalive_requests 100;
    }
    server {
        listen 127.0.0.1:%(old)d ssl;
        keepalive_requests 1000000;
    }
}
"""

H2O = """
user: %(user)s
pid-file: %(dir)s/h2o.pid
error-log: %(dir)s/h2o.log
listen:
  host: 127.0.0.1
  port: %(tls)d
  ssl:
    certificate-file: %(dir)s/server.pem
    key-file: %(dir)s/server.key
hosts:
  default:
    paths:
      /:
        file.dir: %(dir)s/pages
"""


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, cwd=work, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def make_certificates():
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=A test CA", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    write("extensions", "subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out", "server.pem")


def found(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def serve(name, ports, make):
    """Starts a server that make(values) gives the command line of; gives its ports, or None.  A port
    that somebody else takes at the last moment is another try."""
    if not found(name):
        skip(f"{name} is not installed")
        return None
    for _ in range(5):
        values = {port: free_port() for port in ports}
        server = start(*make({"dir": work, **values}), program=found(name),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        while server.poll() is None:
            try:
                for port in values.values():
                    socket.create_connection(("127.0.0.1", port), HANG_S).close()
                return values
            except ConnectionRefusedError:
                time.sleep(0.05)
    skip(f"{name} does not start here")
    return None


def nginx_line(values):
    write("nginx.conf", NGINX % values)
    return "-p", work, "-e", path("error.log"), "-c", path("nginx.conf")


def h2o_line(values):
    write("h2o.conf", H2O % {**values, "user": os.environ.get("USER") or "root"})
    return "-c", path("h2o.conf")


def fetch(what, port, *args, protocol="h2", scheme="https"):
    """The list, CALLS at a time; checks the pages, gives the summary."""
    done = run("-e", f"{scheme}://localhost:{port}/", "--key", "demo", "--cacert", path("ca.pem"),
               "--resolve", f"localhost:{port}:127.0.0.1", "-c", str(CALLS), "-i", URLS,
               "--summary", path("summary"), *args)
    got = records(done.out)
    equal(f"{what}: the list is ok", (done.code, done.err[-500:] if done.code else b""), (0, b""))
    equal(f"{what}: a record for each URL", sorted(r["url"] for r in got), sorted(listed))
    check(f"{what}: each with the page", all(body_of(r) == PAGE for r in got))
    equal(f"{what}: each by {protocol}", collections.Counter(r["protocol"] for r in got),
          {protocol: len(listed)})
    summary = summary_of("summary")
    equal(f"{what}: at the first attempt", summary["attempts"], len(listed))
    return summary


def log():
    """The lines of nginx's log since it was last asked: (connection, status, protocol, request)."""
    def whole():
        lines = read("access.log").split(b"\n")
        return lines[log.seen:-1]
    wait_until("nginx logs all calls", lambda: len(whole()) >= len(listed))
    time.sleep(0.2)  # for those that should not be there
    got = whole()
    log.seen += len(got)
    return [line.decode().split(" ", 3) for line in got]


log.seen = 0


def check_log(what, protocol="HTTP/2.0"):
    """Each target was asked once, and answered; gives the number of connections."""
    asked = log()
    times = collections.Counter(re.search(r"[?&]url=([^&]*)", a[3])[1] for a in asked)
    equal(f"{what}: each target is asked once",
          sorted(unquote_to_bytes(url).decode() for url in times.elements()), sorted(listed))
    equal(f"{what}: as nginx sees it", {(a[1], a[2]) for a in asked}, {("200", protocol)})
    return len({a[0] for a in asked})


def nginx():
    ports = serve("nginx", ("tls", "plain", "short", "old"), nginx_line)
    if not ports:
        return
    summary = fetch("nginx", ports["tls"])
    many = check_log("nginx")
    check("nginx: over a handful of connections", many <= 12, many)
    # nginx logs those that carried a call; one that came when the others were done carried none.
    check("nginx: the summary knows them", many <= summary["connections"] <= 12,
          (many, summary["connections"]))

    summary = fetch("nginx, --http1.1", ports["tls"], "--http1.1", protocol="http/1.1")
    check("nginx, --http1.1: over more of them", check_log("nginx, --http1.1", "HTTP/1.1") > many)

    fetch("nginx, h2c", ports["plain"], "--http2", scheme="http")
    check("nginx, h2c: over a handful of connections", check_log("nginx, h2c") <= 12)

    fetch("nginx without HTTP/2", ports["old"], protocol="http/1.1")
    check_log("nginx without HTTP/2", "HTTP/1.1")

    # GOAWAY after each 100 streams.
    summary = fetch("nginx, GOAWAY", ports["short"])
    check("nginx, GOAWAY: 100 on each connection", check_log("nginx, GOAWAY") >= 10)
    summary = fetch("nginx, GOAWAY, one connection", ports["short"], "--connections", "1")
    check("nginx, GOAWAY, one connection: 100 on each",
          check_log("nginx, GOAWAY, one connection") >= 10, summary)


def nghttpd():
    ports = serve("nghttpd", ("tls",), lambda v: (
        "-d", path("pages"), "-a", "127.0.0.1", str(v["tls"]), path("server.key"),
        path("server.pem")))
    if ports:
        summary = fetch("nghttpd", ports["tls"])
        check("nghttpd: over a handful of connections", summary["connections"] <= 20, summary)
    ports = serve("nghttpd", ("plain",), lambda v: (
        "-d", path("pages"), "-a", "127.0.0.1", "--no-tls", str(v["plain"])))
    if ports:
        fetch("nghttpd, h2c", ports["plain"], "--http2", scheme="http")


def h2o():
    ports = serve("h2o", ("tls",), h2o_line)
    if ports:
        summary = fetch("h2o", ports["tls"])
        check("h2o: over a handful of connections", summary["connections"] <= 20, summary)


with open(URLS, encoding="utf-8") as f:
    listed = f.read().splitlines()
os.mkdir(path("pages"))
write("pages/index.html", PAGE)
make_certificates()
nginx()
nghttpd()
h2o()
finish()
