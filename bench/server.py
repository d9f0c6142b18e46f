"""The server of the benchmark: one nginx process on one core, on loopback, all of whose files are
in a temporary directory.

It is set up to cost little, so that the client is what is measured: one process, no log, files
kept open, sendfile() with the head in the same segment, and memory that malloc keeps.  It has
several ports, since a connection that was closed holds its pair of ports for a minute: runs that
follow each other take turns.  More ports speak TLS, HTTP/2 or HTTP/1.1 as the client asks for
(ALPN), with one cipher suite, so that all clients have the same to do.  Two further ports, plain
and TLS, write a log, for looking at what a client sends.
"""

import os
import random
import re
import shutil
import socket
import string
import subprocess
import time
import urllib.request

PORTS = 12      # of each kind
STREAMS = (1000, 64)  # that an HTTP/2 connection may carry, on ports of their own
BODIES = {"1k": 1024, "10k": 10 * 1024, "100k": 100 * 1024, "tiny": 16}
MARKUP_PAGES, MARKUP_BYTES = 1000, 10 * 1024  # "page" answers with one of them, by the target
WAITS = {"wait": 1, "wait5": 5}  # locations that answer with 10k, after so many seconds
TLS = "TLS 1.3, TLS_AES_128_GCM_SHA256, ECDSA P-256 certificate"
MODULE = "/usr/lib/nginx/modules/ngx_http_echo_module.so"

CONFIG = string.Template("""\
load_module $module;
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile $files;
pid $dir/nginx.pid;
error_log $dir/error.log warn;

events {
    use epoll;
    worker_connections 16000;
    multi_accept on;
}

http {
    access_log off;
    client_body_temp_path $dir/client_body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;

    default_type text/html;
    open_file_cache max=1200;
    open_file_cache_valid 1h;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 10m;

    ssl_certificate $dir/cert.pem;
    ssl_certificate_key $dir/cert.key;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;

    map $$arg_url $$page {
        default 000;
        "~(?<digits>[0-9][0-9][0-9])$$" $$digits;
    }
    log_format form '$$request_length $$status $$body_bytes_sent $$connection $$request_uri';

$servers
    server {
        listen 127.0.0.1:$form_port;
        listen 127.0.0.1:$form_tls_port ssl http2;
        root $dir/www;
        access_log $dir/form.log form;
        location / { }
    }
}
""")


SERVER = string.Template("""\
    server {
$listen
        http2_max_concurrent_streams $streams;
        root $dir/www;
        location = /status { stub_status; }
        location = /page { try_files /pages/$$page =404; }
$waits
        location / { }
    }""")


def letters(name, size):
    """What cannot be made much smaller."""
    return "".join(random.Random(name).choices(string.ascii_letters + string.digits, k=size))


ITEM = """  <li class="product-card product-card--large" data-id="{0}">
    <a class="product-card__link" href="/products/{1}-{2}/{0}.html" title="{1} {2}">
      <span class="product-card__name">{1} {2}</span> <span class="price">{3} €</span></a>
    <p class="product-card__text">{4}</p>
  </li>
"""


def markup(number, size):
    """A page as shops have it: much structure, some text; packed it has a quarter of its size."""
    chance = random.Random(number)
    words = [letters(f"word{i}", 2 + i % 8).lower() for i in range(1000)]
    often = [1 / (rank + 2) for rank in range(len(words))]  # as in a language
    page, tail = "<!DOCTYPE html>\n<html lang=\"en\">\n<body>\n<ul>\n", "</ul>\n</body>\n</html>\n"
    while len((page + tail).encode()) < size:
        page += ITEM.format(chance.randrange(10**8), *chance.choices(words, k=2),
                            chance.randrange(1000), " ".join(chance.choices(words, often, k=20)))
    page = page.encode()[:size - len(tail)].decode(errors="ignore")
    return page + " " * (size - len((page + tail).encode())) + tail


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def make_certificate(directory):
    """A key and a certificate of its own for 127.0.0.1."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{directory}/cert.key",
                    "-out", f"{directory}/cert.pem"], check=True, capture_output=True)


class Server:
    """A running nginx.  Use it in a `with` statement."""

    def __init__(self, directory, core, files):
        self.dir = directory
        self.ca_file = f"{directory}/cert.pem"
        self.form_port, self.form_tls_port, *ports = free_ports(2 + PORTS * (1 + len(STREAMS)))
        self.ports = ports[:PORTS]
        self.tls_ports = {streams: ports[PORTS * (1 + i):PORTS * (2 + i)]
                          for i, streams in enumerate(STREAMS)}
        self._turn = 0
        make_certificate(directory)
        self._write_files(files)
        # What nginx frees at the end of a run is not given back to the kernel and cleared again.
        environ = dict(os.environ, MALLOC_TRIM_THRESHOLD_="2000000000", MALLOC_TOP_PAD_="67108864")
        self._process = subprocess.Popen(
            ["taskset", "-c", str(core), "nginx", "-p", directory, "-c", f"{directory}/nginx.conf",
             "-e", f"{directory}/error.log"], env=environ)

    def _write_files(self, files):
        os.mkdir(f"{self.dir}/www")
        for name, size in BODIES.items():
            with open(self.body_file(name), "w", encoding="ascii") as file:
                file.write(letters(name, size))
        os.mkdir(f"{self.dir}/www/pages")
        for number in range(MARKUP_PAGES):
            with open(self.body_file(f"pages/{number:03d}"), "w", encoding="utf-8") as file:
                file.write(markup(number, MARKUP_BYTES))
        for name in WAITS:
            shutil.copyfile(self.body_file("10k"), self.body_file(name))
        servers = "\n".join(self._server(streams) for streams in STREAMS)
        with open(f"{self.dir}/nginx.conf", "w", encoding="ascii") as file:
            file.write(CONFIG.substitute(dir=self.dir, module=MODULE, files=files,
                                         servers=servers, form_port=self.form_port,
                                         form_tls_port=self.form_tls_port))

    def _server(self, streams):
        """The block of nginx's configuration for the ports with one limit of streams; the plain
        ports are in the first."""
        waits = "\n".join(f"        location = /{name} {{ echo_sleep {seconds}; echo_exec /10k; }}"
                          for name, seconds in WAITS.items())
        kinds = [(port, " ssl http2") for port in self.tls_ports[streams]]
        if streams == STREAMS[0]:
            kinds += [(port, "") for port in self.ports]
        listen = "\n".join(f"        listen 127.0.0.1:{port}{kind} backlog=16384;"
                           for port, kind in kinds)
        return SERVER.substitute(dir=self.dir, listen=listen, waits=waits, streams=streams)

    def __enter__(self):
        for _ in range(100):
            try:
                self.counts()
                return self
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
        self.__exit__()
        with open(f"{self.dir}/error.log", encoding="utf-8") as log:
            raise RuntimeError("nginx does not start: " + log.read().strip())

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def body_file(self, location):
        """The file that holds what a location answers with."""
        return f"{self.dir}/www/{location}"

    def next_port(self, tls=False, streams=0):
        """The port whose turn it is; over HTTP/2 one whose limit of streams is what is asked for."""
        self._turn = (self._turn + 1) % PORTS
        return (self.tls_ports[streams or STREAMS[0]] if tls else self.ports)[self._turn]

    def counts(self):
        """Connections accepted and requests handled so far, this look included, and connections
        open now, without this look's."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[0]}/status") as answer:
            numbers = [int(number) for number in re.findall(r"\d+", answer.read().decode())]
        return numbers[1], numbers[3], numbers[0] - 1

    def settle(self):
        """Waits until the connections of the last run are closed."""
        for _ in range(100):
            if self.counts()[2] == 0:
                return
            time.sleep(0.05)

    def cpu_s(self):
        """CPU time that nginx has used, in steps of a clock tick."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def take_form_log(self):
        """The lines logged at the form port since the last call, split into fields."""
        time.sleep(0.1)
        with open(f"{self.dir}/form.log", "r+", encoding="ascii") as log:
            lines = [line.split() for line in log]
            log.truncate(0)
        return lines
