#!/usr/bin/env python3
"""How fast pages come over HTTP/2 from far away: real servers on loopback, behind a relay that holds
every byte back for half a round trip.

The relay takes bytes at once, so that TCP's own windows play no part: what is left is HTTP/2's
flow control, and the servers' ways.  Plain HTTP/2 by prior knowledge, so that the relay can read
the windows that the client announces.  h2load with 64 KiB windows, the protocol's default, is there
to see what narrow windows cost; on its own it announces 1 GiB.  Figures are medians over rounds.
"""

import argparse
import asyncio
import collections
import getpass
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from clients import HEADERS
from server import free_ports

KIB, MIB = 1 << 10, 1 << 20
HELD_MAX = 64 * MIB  # by the relay, a direction: more than the path would hold
CHUNK = 256 * KIB
PREFACE = 24  # bytes, before the client's first frame
LIMIT_S = 120  # for one run
NARROW_MAX = 16 * MIB  # bytes of a run through narrow windows, which takes a second for each MiB

NGINX = """daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off; default_type text/html; sendfile on; tcp_nodelay on;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    server {{ listen 127.0.0.1:{port} http2; root {dir}/www; keepalive_requests 1000000; }}
}}
"""

H2O = """user: {user}
pid-file: {dir}/h2o.pid
error-log: {dir}/h2o.log
listen: {{ host: 127.0.0.1, port: {port} }}
hosts: {{ default: {{ paths: {{ /: {{ file.dir: {dir}/www }} }} }} }}
"""

Case = collections.namedtuple("Case", "title location size at_a_time pages")
CASES = (
    Case("100 KiB, one at a time", "100k", 100 * KIB, 1, 10),
    Case("1 MiB, one at a time", "1m", MIB, 1, 10),
    Case("8 MiB, one at a time", "8m", 8 * MIB, 1, 5),
    Case("100 KiB, 64 at a time", "100k", 100 * KIB, 64, 1280),
    Case("1 MiB, 64 at a time", "1m", MIB, 64, 192),
)


class Relay:
    """Passes one server's connections on, each byte `one_way_s` late."""

    def __init__(self, port, one_way_s):
        self.to, self.one_way_s = port, one_way_s
        self.windows = None  # (of a stream, of the connection), as the last client announced them
        self.loop = asyncio.new_event_loop()
        self.port = None
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def _serve(self, reader, writer):
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.to,
                                                                   limit=CHUNK)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, to_server, self._note_windows),
                             self._pass(from_server, writer, None))

    async def _pass(self, reader, writer, first):
        """One direction: what is read now is written later, in order, and so is the end."""
        queue, held, room = asyncio.Queue(), 0, asyncio.Event()

        async def write():
            nonlocal held
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - self.loop.time()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
                held -= len(data)
                room.set()

        async def read():
            nonlocal held
            begin = first
            while True:
                data = await reader.read(CHUNK)
                if begin and data:
                    begin(data)
                    begin = None
                queue.put_nowait((self.loop.time() + self.one_way_s, data))
                held += len(data)
                if not data:
                    return
                while held > HELD_MAX:
                    room.clear()
                    await room.wait()

        try:
            await asyncio.gather(read(), write())
        except OSError:
            pass  # one end has gone, and takes the other with it
        writer.close()

    def _note_windows(self, data):
        """The client's first bytes: SETTINGS, and WINDOW_UPDATE of the connection."""
        stream = connection = 65535
        at = PREFACE
        while at + 9 <= len(data):
            length, kind = int.from_bytes(data[at:at + 3], "big"), data[at + 3]
            payload = data[at + 9:at + 9 + length]
            if kind == 4:
                for i in range(0, len(payload) - 5, 6):
                    if payload[i:i + 2] == b"\0\4":
                        stream = int.from_bytes(payload[i + 2:i + 6], "big")
            elif kind == 8 and not any(data[at + 5:at + 9]):
                connection += int.from_bytes(payload, "big")
            at += 9 + length
        self.windows = stream, connection


def servers(directory):
    """What is installed here: names, and command lines for a port."""
    def with_file(name, text):
        def make(port):
            path = f"{directory}/{name}.conf"
            with open(path, "w", encoding="ascii") as file:
                file.write(text.format(dir=directory, port=port, user=getpass.getuser()))
            return path
        return make
    nginx, h2o = with_file("nginx", NGINX), with_file("h2o", H2O)
    known = {
        "nginx": lambda port: ["-p", directory, "-e", f"{directory}/error.log", "-c", nginx(port)],
        "nghttpd": lambda port: ["-d", f"{directory}/www", "-a", "127.0.0.1", "--no-tls",
                                 str(port)],
        "h2o": lambda port: ["-c", h2o(port)],
    }
    return {name: line for name, line in known.items() if shutil.which(name)}


def start(name, line):
    """A server's process and port."""
    port, = free_ports(1)
    process = subprocess.Popen([name] + line(port), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    if process.poll() is not None:
        sys.exit(f"delay: {name} does not start")
    return process, port


def clients(programs, directory, port, case):
    """Command lines by name."""
    url = f"http://127.0.0.1:{port}/{case.location}"
    h2load = ["h2load", "-c1", f"-m{case.at_a_time}", f"-n{case.pages}"] + HEADERS
    lines = {"pf": [f"{programs}/pf", "-p", str(port), "-l", case.location, "-n", str(case.pages),
                    "-c", "1", "-m", str(case.at_a_time), "-b", f"{directory}/www/{case.location}"]}
    if shutil.which("h2load"):
        lines["h2load"] = h2load + [url]
        if case.pages * case.size <= NARROW_MAX:
            lines["h2load, 64 KiB"] = h2load + ["-w16", "-W16", url]
    return lines


def once(line):
    begin = time.monotonic()
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_S)
    return time.monotonic() - begin


def allowed(window, round_trip_s):
    """What a window lets through, as text: it is refilled once a round trip, at the best."""
    return f"{window / round_trip_s / MIB:,.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default="bench", help="directory of the built clients")
    parser.add_argument("--round-trip", type=float, default=50, help="milliseconds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", help="names, separated by semicolons; default: all")
    args = parser.parse_args()
    wanted = args.clients.split(";") if args.clients else None
    round_trip_s = args.round_trip / 1000
    windows = {}
    with tempfile.TemporaryDirectory(prefix="pfetch-delay-") as directory:
        os.mkdir(f"{directory}/www")
        for case in CASES:
            with open(f"{directory}/www/{case.location}", "wb") as file:
                file.write(os.urandom(1024) * (case.size // 1024))
        print("| server | pages | client | pages/s | MiB/s | round trips/page |")
        print("| ------ | ----- | ------ | ------: | ----: | ---------------: |")
        for name, line in servers(directory).items():
            process, port = start(name, line)
            try:
                relay = Relay(port, round_trip_s / 2)
                for case in CASES:
                    lines = clients(args.programs, directory, relay.port, case)
                    for client, command in lines.items():
                        if wanted and client not in wanted:
                            continue
                        wall_s = statistics.median(once(command) for _ in range(args.rounds))
                        windows[client] = relay.windows
                        rate = case.pages / wall_s
                        print(f"| {name} | {case.title} | {client} | {rate:,.1f} | "
                              f"{rate * case.size / MIB:,.1f} | "
                              f"{case.at_a_time / rate / round_trip_s:.2f} |", flush=True)
            finally:
                process.terminate()
                process.wait()
    print("\n| client | stream's window | lets through MiB/s | connection's window | "
          "lets through MiB/s |\n| ------ | ------: | ------: | ------: | ------: |")
    for client, (stream, connection) in windows.items():
        print(f"| {client} | {stream:,} | {allowed(stream, round_trip_s)} | {connection:,} | "
              f"{allowed(connection, round_trip_s)} |")


if __name__ == "__main__":
    main()
