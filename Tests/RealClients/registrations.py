"""Checks of `run.py` about registrations: linphone, sipp's own scenarios, the service of DNs."""

import re
import signal
import socket
import subprocess
import threading
import time

POINT = '["8000"] = { strategy = "any", timeout = 20, default = { "reject:480" } },'
TCP = ', "tcp:127.0.0.1:PORT"'


def linphone(run, world, transport):
    """A linphone that registers 7001 and answers by itself; no network but loopback is there."""
    home = world.folder / f"home-{transport}"
    (home / ".local/share/linphone").mkdir(parents=True)
    port, media = run.free_port(), run.free_port()
    settings = home / "linphonerc"
    settings.write_text(
        f"[sip]\nsip_port={port}\nsip_tcp_port={port}\nuse_ipv6=0\nbind_address=127.0.0.1\n"
        "auto_net_state_mon=0\nregister_only_when_network_is_up=0\nguess_hostname=0\n"
        "contact=sip:7001@127.0.0.1\n"
        f"[rtp]\naudio_rtp_port={media}\n"
        f"[proxy_0]\nreg_proxy=<sip:127.0.0.1:{world.port};transport={transport}>\n"
        f"reg_identity=sip:7001@127.0.0.1:{world.port}\nreg_expires=60\nreg_sendregister=1\n"
        "publish=0\n[auth_info_0]\nusername=7001\npasswd=demo\nrealm=demo.local\n")
    # It ends when its standard input does: that stays open as long as the process is ours.
    return world.spawn(
        f"linphone-{transport}", "linphonec", "-a", "-d", 5, "-l", home / "log", "-c", settings,
        stdin=subprocess.PIPE, env={"HOME": str(home), "PATH": "/usr/bin:/bin"})


class Phone:
    """A phone of a few lines: registers, answers OPTIONS, and counts what it is asked."""

    def __init__(self, dn, server, port=0):
        self.dn, self.server = dn, server
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.port = self.sock.getsockname()[1]
        self.number = 0

    def register(self, expires):
        """Registers, and gives the answer."""
        self.number += 1
        self.sock.settimeout(60)
        self.sock.sendto((
            f"REGISTER sip:demo.local SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKdn{self.number}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.dn}@demo.local>;tag=r\r\n"
            f"To: <sip:{self.dn}@demo.local>\r\nCall-ID: dn{self.port}\r\n"
            f"CSeq: {self.number} REGISTER\r\nContact: <sip:{self.dn}@127.0.0.1:{self.port}>\r\n"
            f"Expires: {expires}\r\nContent-Length: 0\r\n\r\n").encode(),
            ("127.0.0.1", self.server))
        return self.sock.recv(65536).decode()

    def serve(self):
        """Answers every OPTIONS with 200 from now on, until the socket is closed."""
        def answer():
            try:
                while True:
                    text, source = self.sock.recvfrom(65536)
                    lines = re.findall(r"(?im)^(?:via|from|to|call-id|cseq):.*\r\n", text.decode())
                    self.sock.sendto(("SIP/2.0 200 OK\r\n" + "".join(lines)
                                      + "Content-Length: 0\r\n\r\n").encode(), source)
            except OSError:
                pass
        self.sock.settimeout(None)
        threading.Thread(target=answer, daemon=True).start()


def checks(run):
    """The checks, which `run.py` runs by name."""

    def linphones():
        """linphone registers with a password and takes calls, over UDP and over TCP."""
        for transport in ("udp", "tcp"):
            with run.World() as world:
                world.strategy("any", run.ANY)
                world.serve(run.site('["7001"] = { password = "demo" },',
                                     run.auto("1001", "7001"), points=POINT, listen=TCP))
                linphone(run, world, transport)
                world.wait_for_events("EventAgentReady", 1, "7001")
                run.finished(world.callers("8000", 2, hold=300, rate=1), "the callers")
                world.wait_for_events("EventEstablished", 2, "7001")
                world.wait_for_events("EventReleased", 2, "7001")
                log = (world.folder / f"home-{transport}/log").read_text(errors="replace")
                run.expect(f"Via: SIP/2.0/{transport.upper()} 127.0.0.1:{world.port}" in log,
                           f"linphone was not called by {transport}")

    def flows():
        """baresip keeps a flow (RFC 5626) over UDP and TCP, and is called on it."""
        for transport in ("udp", "tcp"):
            with run.World() as world:
                world.strategy("any", run.ANY)
                world.serve(run.site('["7001"] = { password = "demo" },',
                                     run.auto("1001", "7001"), points=POINT, listen=TCP))
                phone, _ = run.baresip(world, "phone", run.free_port(), "demo", 60, transport,
                                       flow=True)
                world.wait_for_events("EventAgentReady", 1, "7001")
                run.finished(world.callers("8000", 2, hold=300, rate=1), "the callers")
                world.wait_for_events("EventReleased", 2, "7001")
                log = world.log("phone")
                run.expect(";reg-id=1" in log, "baresip named no flow")
                run.expect("Require: outbound\n" in log.replace("\r", ""), "no flow was granted")
                # How it sees that the flow is alive, every half minute.
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.bind(("127.0.0.1", 0))
                    sock.settimeout(run.PATIENCE)
                    name = bytes.fromhex("2112a442") + b"keep-alive 1"
                    sock.sendto(bytes.fromhex("00010000") + name, ("127.0.0.1", world.port))
                    port = (sock.getsockname()[1] ^ 0x2112).to_bytes(2, "big")
                    answer = bytes.fromhex("0101000c") + name + bytes.fromhex("002000080001")
                    run.expect(sock.recv(100) == answer + port + bytes.fromhex("5e12a443"),
                               "STUN is not answered")
                phone.terminate()
                phone.wait()
                world.wait_for_events("EventDNOutOfService", 1, "7001")

    def flow_timer():
        """baresip is heard as often as Flow-Timer says; when it is not, it is out of service."""
        with run.World() as world:
            world.strategy("any", run.ANY)
            world.serve(run.site('["7001"] = { password = "demo" },', run.auto("1001", "7001"),
                                 points=POINT, listen=TCP,
                                 sip=", registrations = { flow_timer = 10 }"))
            phone, _ = run.baresip(world, "phone", run.free_port(), "demo", 3600, "tcp", flow=True)
            world.wait_for_events("EventAgentReady", 1, "7001")
            time.sleep(40)
            run.expect("Flow-Timer: 10\n" in world.log("phone").replace("\r", ""), "no timer")
            run.expect(not world.events("EventDNOutOfService", "7001"), "the flow was not kept")
            phone.send_signal(signal.SIGSTOP)
            try:
                world.wait_for_events("EventDNOutOfService", 1, "7001")
            finally:
                phone.send_signal(signal.SIGCONT)

    def own_scenarios():
        """sipp's own caller and phone, as they come, with the server between them."""
        with run.World() as world:
            port = run.free_port()
            world.strategy("any", run.ANY)
            world.serve(run.site(run.fixed("7002", port), run.auto("1002", "7002"), points=POINT,
                                 listen=TCP))
            world.spawn("uas", "sipp", "-nostdin", "-sn", "uas", "-i", "127.0.0.1", "-p", port,
                        "-mi", "127.0.0.1")
            run.wait_for("the phone", lambda: run.is_bound(port))
            for count, mode in enumerate(("u1", "t1", "tn"), 1):
                caller = world.spawn(
                    f"uac-{mode}", "sipp", "-nostdin", "-sn", "uac", "-t", mode, "-max_socket",
                    100, "-i", "127.0.0.1", "-p", run.free_port(), "-mi", "127.0.0.1", "-s",
                    "8000", "-m", 5, "-r", 5, "-d", 100, f"127.0.0.1:{world.port}")
                run.finished(caller, f"sipp's uac by {mode}")
                world.wait_for_events("EventReleased", 5 * count, "7002")

    def dn_states():
        """DNs come into service and go out of it: by registration, by the site, by OPTIONS."""
        with run.World() as world:
            fixed, watched = run.free_port(), run.free_port()
            watch = (f'["7003"] = {{ contact = "sip:7003@127.0.0.1:{watched}", '
                     'monitor = { interval = 1, failures = 2, recovery = 1 } },')
            world.serve(run.site('["7001"] = {},' + run.fixed("7002", fixed) + watch, ""))

            def story(dn):
                names = {"EventDNBackInService": "in", "EventDNOutOfService": "out"}
                return " ".join(names[event["event"]] for event in world.events(dn=dn)
                                if event["event"] in names)

            def becomes(dn, wanted):
                run.wait_for(f"{dn}: {wanted}", lambda: story(dn) == wanted)

            becomes("7002", "in")
            phone = Phone("7001", world.port)
            brief = phone.register(5)
            run.expect(brief.startswith("SIP/2.0 423") and "Min-Expires: 10\r\n" in brief, brief)
            run.expect(story("7001") == "", "a refused REGISTER changed something")
            for expires, wanted in ((60, "in"), (60, "in"), (0, "in out"), (10, "in out in")):
                answer = phone.register(expires)
                run.expect(answer.startswith("SIP/2.0 200"), answer)
                becomes("7001", wanted)
            becomes("7003", "in out")
            other = Phone("7003", world.port, watched)
            other.serve()
            becomes("7003", "in out in")
            other.sock.close()
            becomes("7003", "in out in out")
            # Nobody has refreshed it in the meantime.
            becomes("7001", "in out in out")
            becomes("7002", "in")

    return [linphones, flows, flow_timer, own_scenarios, dn_states]
