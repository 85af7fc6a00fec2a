"""Checks of `run.py` about TCP and TLS: sipp, baresip, sipsak, and Python's own sockets."""

import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BOTH = ', "tcp:127.0.0.1:PORT"'
ALL = ', "tcp:127.0.0.1:PORT", "tls:127.0.0.1:TLSPORT"'
TLS = ', tls = { certificate = "cert.pem", key = "key.pem" }'
POINT = '["8000"] = { strategy = "any", divert = "bridge", timeout = 20 },'


def stream(text):
    """A sipp scenario that says which transport it really uses."""
    text = text.replace("SIP/2.0/UDP", "SIP/2.0/[transport]")
    return re.sub(r"Contact: <([^>]*)>", r"Contact: <\1;transport=[transport]>", text)


def request(method, local, port, extra="", token=None, uri="sip:8000@127.0.0.1", to=None):
    token = token or f"{time.monotonic_ns()}"
    return (f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{port} 127.0.0.1:{local};branch=z9hG4bK{token}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:4420@127.0.0.1>;tag={token}\r\n"
            f"To: {to or f'<{uri}>'}\r\nCall-ID: {token}@127.0.0.1\r\n"
            f"CSeq: 1 {method}\r\nContact: <sip:4420@127.0.0.1:{local};transport=tcp>\r\n"
            f"{extra}Content-Length: 0\r\n\r\n").encode()


def answers(sock):
    """Every answer that comes on a connection, as text."""
    kept = b""
    while True:
        while b"\r\n\r\n" not in kept:
            more = sock.recv(65536)
            if not more:
                return
            kept += more
        head, kept = kept.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"Content-Length: *(\d+)", head).group(1))
        while len(kept) < length:
            kept += sock.recv(65536)
        kept = kept[length:]
        yield head.decode()


def certificate(world, run, name, days=2):
    """A certificate for 127.0.0.1 that nobody has signed."""
    result = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", world.folder / "key.pem", "-out", world.folder / "cert.pem",
         "-days", str(days), "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"],
        capture_output=True, text=True, timeout=60)
    run.expect(result.returncode == 0, result.stderr)


def checks(run):
    """The checks, which `run.py` runs by name."""

    def tcp_callers():
        """sipp over TCP, on one connection and on one for each call, to phones on UDP."""
        with run.World() as world:
            port = run.free_port()
            world.strategy("any", run.ANY)
            world.serve(run.site(run.fixed("7002", port), run.auto("1002", "7002"),
                                 points=POINT, listen=BOTH))
            world.phone(port, ring=20)
            for mode in ("t1", "tn"):
                scenario = world.folder / f"caller-{mode}.xml"
                text = stream((HERE / "caller.xml").read_text())
                scenario.write_text(text.replace("HOLD", "20").replace("ANI", "44"))
                caller = world.spawn(
                    f"callers-{mode}", "sipp", "-nostdin", "-t", mode, "-max_socket", "100",
                    "-sf", scenario, "-i", "127.0.0.1", "-p", run.free_port(), "-s", "8000",
                    "-mi", "127.0.0.1", "-m", "10", "-r", "5", "-trace_msg", "-message_file",
                    world.folder / f"callers-{mode}.msg", f"127.0.0.1:{world.port}")
                run.finished(caller, f"the callers by {mode}")
            world.wait_for_events("EventReleased", 20)
            messages = (world.folder / "callers-t1.msg").read_text(errors="replace")
            run.expect(f"Contact: <sip:8000@127.0.0.1:{world.port};transport=tcp>" in messages,
                       "the callers were not given a Contact on TCP")
            phone = (world.folder / f"phone-{port}.msg").read_text(errors="replace")
            run.expect(f"Contact: <sip:8000@127.0.0.1:{world.port}>" in phone,
                       "the phone was not given a Contact on UDP")
            run.expect("SIP/2.0/TCP" not in phone, "the phone saw a Via of TCP")

    def tcp_phone():
        """A phone that is reached by TCP only, called by a caller on UDP."""
        with run.World() as world:
            port = run.free_port()
            world.strategy("any", run.ANY)
            contact = f'["7002"] = {{ contact = "sip:7002@127.0.0.1:{port};transport=tcp" }},'
            world.serve(run.site(contact, run.auto("1002", "7002"), points=POINT, listen=BOTH))
            scenario = world.folder / "phone.xml"
            text = stream((HERE / "phone.xml").read_text())
            scenario.write_text(text.replace("RING", "20"))
            world.spawn("phone", "sipp", "-nostdin", "-t", "t1", "-sf", scenario, "-i",
                        "127.0.0.1", "-p", port, "-mi", "127.0.0.1", "-trace_msg",
                        "-message_file", world.folder / "phone.msg")
            run.wait_for("the phone", lambda: listens(port))
            run.finished(world.callers("8000", 5, hold=20, rate=5), "the callers")
            world.wait_for_events("EventReleased", 5)
            text = (world.folder / "phone.msg").read_text(errors="replace")
            run.expect(f"Contact: <sip:8000@127.0.0.1:{world.port};transport=tcp>" in text,
                       "the phone was not given a Contact on TCP")

    def softphones():
        """baresip registers and takes a call over UDP, TCP and TLS."""
        for transport in ("udp", "tcp", "tls"):
            with run.World() as world:
                certificate(world, run, "demo.local")
                world.strategy("any", run.ANY)
                secure = run.free_port()
                world.serve(run.site(
                    '["7001"] = { password = "demo" },', run.auto("1001", "7001"),
                    points=POINT, listen=ALL.replace("TLSPORT", str(secure)), sip=TLS))
                phone, _ = run.baresip(world, "phone", run.free_port(), "demo", 60,
                                       transport=transport, secure=secure)
                world.wait_for_events("EventAgentReady", 1, "7001")
                run.finished(world.callers("8000", 2, hold=300, rate=1), "the callers")
                world.wait_for_events("EventEstablished", 2, "7001")
                world.wait_for_events("EventReleased", 2, "7001")
                phone.terminate()
                phone.wait()

    def tcp_options():
        """sipsak's OPTIONS over TCP is answered, on a site without UDP too."""
        with run.World() as world:
            text = run.site(run.fixed("7001", run.free_port()), run.auto("1001", "7001"))
            world.serve(text.replace('"udp:', '"tcp:'))
            result = subprocess.run(
                ["sipsak", "-E", "tcp", "-s", f"sip:127.0.0.1:{world.port}", "-vv"],
                capture_output=True, text=True, timeout=60)
            run.expect(result.returncode == 0, result.stdout + result.stderr)

    def tls():
        """TLS 1.2 and 1.3, nothing older; a renewed certificate is served without a restart."""
        with run.World() as world:
            certificate(world, run, "first")
            secure = run.free_port()
            world.strategy("any", run.ANY)
            world.serve(run.site(run.fixed("7001", run.free_port()), run.auto("1001", "7001"),
                                 points=POINT, sip=TLS,
                                 listen=ALL.replace("TLSPORT", str(secure))))

            def connect(oldest, newest, trust="cert.pem"):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.load_verify_locations(world.folder / trust)
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
                context.minimum_version, context.maximum_version = oldest, newest
                plain = socket.create_connection(("127.0.0.1", secure), run.PATIENCE)
                return context.wrap_socket(plain, server_hostname="127.0.0.1")

            def ask(sock):
                sock.sendall(request("OPTIONS", sock.getsockname()[1], "TLS"))
                run.expect(next(answers(sock)).startswith("SIP/2.0 200"), "no 200")

            versions = ssl.TLSVersion
            for version in (versions.TLSv1_2, versions.TLSv1_3):
                with connect(version, version) as sock:
                    ask(sock)
            try:
                connect(versions.TLSv1_1, versions.TLSv1_1)
                run.expect(False, "TLS 1.1 was taken")
            except (ssl.SSLError, OSError):
                pass
            old = connect(versions.TLSv1_2, versions.TLSv1_3)
            (world.folder / "cert.pem").rename(world.folder / "old.pem")
            certificate(world, run, "second")
            world.cli("strategies", "reload")
            run.wait_for("the certificate", lambda: "is read again" in world.log("server"))
            ask(old)
            with connect(versions.TLSv1_2, versions.TLSv1_3) as sock:
                ask(sock)
            try:
                connect(versions.TLSv1_2, versions.TLSv1_3, "old.pem")
                run.expect(False, "the old certificate is still served")
            except ssl.SSLError:
                pass
            (world.folder / "key.pem").write_text("nonsense")
            world.cli("strategies", "reload")
            run.wait_for("the complaint", lambda: "the one in use stays" in world.log("server"))
            with connect(versions.TLSv1_2, versions.TLSv1_3) as sock:
                ask(sock)
            with socket.create_connection(("127.0.0.1", secure), run.PATIENCE) as sock:
                sock.sendall(request("OPTIONS", 1, "TCP"))
                run.expect(b"SIP/2.0" not in sock.recv(65536), "plain SIP on the port of TLS")

    def ims():
        """The INVITE of seed 002 by TCP to a phone on UDP: tel: To, and every P- header."""
        headers = {
            "P-Preferred-Service": "urn:urn-7:3gpp-service.ims.icsi.mmtel",
            "P-Access-Network-Info": "3GPP-NR-TDD;utran-cell-id-3gpp=0010100313200001c001",
            "P-Early-Media": "supported",
            "P-Asserted-Identity": "<sip:13800011101@one.att.net>",
            "Accept-Contact":
                '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel";video',
        }
        with run.World() as world:
            port = run.free_port()
            world.strategy("any", run.ANY)
            world.serve(run.site(
                run.fixed("7002", port), run.auto("1002", "7002"), listen=BOTH,
                points='["13800011103"] = { strategy = "any", timeout = 20 },'))
            world.phone(port, ring=20)
            tel = "tel:13800011103;phone-context=one.att.net"
            extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            with socket.create_connection(("127.0.0.1", world.port), run.PATIENCE) as sock:
                local = sock.getsockname()[1]
                invite = request("INVITE", local, "TCP", extra, "ims", tel)
                # The one message in many segments.
                for start in range(0, len(invite), 200):
                    sock.sendall(invite[start:start + 200])
                    time.sleep(0.01)
                for answer in answers(sock):
                    if not answer.startswith("SIP/2.0 1"):
                        break
                run.expect(answer.startswith("SIP/2.0 200"), answer)
                to = re.search(r"^To: (.*)\r$", answer, re.M).group(1)
                run.expect(to.startswith(f"<{tel}>;tag="), to)
                target = re.search(r"^Contact: <(.*)>\r$", answer, re.M).group(1)
                for number, method in ((1, "ACK"), (2, "BYE")):
                    text = request(method, local, "TCP", "", "ims", target, to).decode()
                    text = text.replace("CSeq: 1", f"CSeq: {number}")
                    sock.sendall(text.replace("z9hG4bKims", f"z9hG4bK{method}").encode())
                run.expect(next(answer for answer in answers(sock)
                                if "CSeq: 2 BYE" in answer).startswith("SIP/2.0 200"), "BYE")
            world.wait_for_events("EventReleased", 1)
            text = (world.folder / f"phone-{port}.msg").read_text(errors="replace")
            for name, value in headers.items():
                run.expect(f"{name}: {value}" in text, f"the phone did not see {name}")

    def tcp_flood():
        """Half-open and half-spoken connections by the thousand: calls go on, memory bounded."""
        with run.World() as world:
            port = run.free_port()
            world.strategy("any", run.ANY)
            world.serve(run.site(run.fixed("7002", port), run.auto("1002", "7002"),
                                 points=POINT, listen=BOTH))
            world.phone(port, ring=20)
            before = run.resident(world.server)
            half = request("INVITE", 1, "TCP", "X: " + "x" * 3000 + "\r\n")[:-2]
            stop = threading.Event()
            refused = []

            def flood():
                kept = []
                while not stop.is_set():
                    try:
                        sock = socket.create_connection(("127.0.0.1", world.port), 5)
                        sock.sendall(half if len(kept) % 2 else b"")
                        kept.append(sock)
                    except OSError:
                        refused.append(1)
                    while len(kept) > 600:
                        kept.pop(0).close()
                for sock in kept:
                    sock.close()

            threads = [threading.Thread(target=flood) for _ in range(3)]
            for thread in threads:
                thread.start()
            try:
                callers = world.callers("8000", 20, hold=50, rate=5)
                run.finished(callers, "the callers")
                grown = run.resident(world.server) - before
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            world.wait_for_events("EventReleased", 20)
            run.expect(grown < 96 * 1024, f"{grown} KiB more than before the flood")

    return [tcp_callers, tcp_phone, softphones, tcp_options, tls, ims, tcp_flood]


def listens(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
