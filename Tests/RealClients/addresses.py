"""Checks of `run.py` about several addresses: IPv4 calls IPv6 and the other way round, restart."""

import json
import pathlib
import re
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
LISTEN = ', "udp:[::1]:PORT", "udp:127.0.0.2:PORT", "tcp:[::1]:PORT"'
TRUST = 'trusted = { "127.0.0.0/8", "::1" }'
POINTS = ('["8004"] = { strategy = "four", divert = "bridge", timeout = 20 }, '
          '["8006"] = { strategy = "six", divert = "bridge", timeout = 20 }, '
          '["8009"] = { strategy = "next", divert = "bridge", timeout = 20 },')


def start(world, clients, scenario, name, host, port, *options):
    """A sipp at an address of either family; writes its messages to NAME.msg."""
    path = world.folder / f"{name}.xml"
    path.write_text(scenario)
    return world.spawn(
        name, "sipp", "-nostdin", "-sf", path, "-i", host, "-p", port, "-mi", host,
        "-trace_msg", "-message_file", world.folder / f"{name}.msg", *options)


def has_outer_version6():
    """Whether the machine has an IPv6 address that is neither loopback nor link-local."""
    table = pathlib.Path("/proc/net/if_inet6")
    rows = table.read_text().splitlines() if table.exists() else []
    return any(row.split()[3] == "00" for row in rows)


def phone(world, clients, host, port):
    text = (HERE / "phone.xml").read_text().replace("RING", "50")
    start(world, clients, text, f"phone-{port}", host, port)
    clients.wait_for("the phone", lambda: clients.is_bound(port))


def callers(world, clients, name, host, dn, count, hold=200):
    text = (HERE / "caller.xml").read_text().replace("HOLD", str(hold)).replace("ANI", "44")
    server = f"[::1]:{world.port}" if ":" in host else f"{host}:{world.port}"
    own = "127.0.0.1" if host == "127.0.0.2" else host
    return start(world, clients, text, name, own, clients.free_port(), "-s", dn, "-m", count,
                 "-r", "20", "-l", "50", *clients.PATIENT, server)


def messages(world, name):
    return (world.folder / f"{name}.msg").read_text(errors="replace")


def expect_ours(world, clients, name, host):
    """A sipp has seen this host of ours in Via and Contact, and no other one."""
    found = re.findall(rf"(?:Via: SIP/2.0/UDP |Contact: <sip:\d+@)(\S+?):{world.port}\b",
                       messages(world, name))
    clients.expect(set(found) == {host},
                   f"{name} has seen {sorted(set(found))} of port {world.port}, not {host}")


def checks(clients):
    """The checks, with what `run.py` offers them."""

    def site(listen=LISTEN, extra=""):
        four, six = clients.free_port(), clients.free_port()
        text = clients.site(
            clients.fixed("7004", four) + f'["7006"] = {{ contact = "sip:7006@[::1]:{six}" }}, '
            '["7001"] = { password = "demo" }, '
            f'["7007"] = {{ contact = "sip:7007@[2001:db8::7]:{six}" }},',
            "", points=POINTS, listen=listen, sip=extra)
        return text.replace('trusted = { "127.0.0.0/8" }', TRUST), four, six

    def strategies(world):
        world.strategy("four", 'return function(call) return dn "7004" end\n')
        world.strategy("six", 'return function(call) return dn "7006" end\n')
        world.strategy("next", 'return function(call)\n  call:route(dn "7007")\n'
                       '  call:route(dn "7006")\n  return dn "7004"\nend\n')

    def cross(world, four, six):
        """Callers of both families to phones of both, and what they saw of us."""
        phone(world, clients, "127.0.0.1", four)
        phone(world, clients, "::1", six)
        sides = [("127.0.0.1", "8006"), ("::1", "8004"), ("127.0.0.2", "8006"),
                 ("127.0.0.1", "8004"), ("::1", "8006")]
        running = [(callers(world, clients, f"callers{number}", host, dn, 10), host)
                   for number, (host, dn) in enumerate(sides)]
        for number, (process, host) in enumerate(running):
            clients.finished(process, f"the callers from {host}")
            shown = "[::1]" if ":" in host else host
            expect_ours(world, clients, f"callers{number}", shown)
        world.wait_for_events("EventReleased", 50)
        expect_ours(world, clients, f"phone-{four}", "127.0.0.1")
        expect_ours(world, clients, f"phone-{six}", "[::1]")

    def families():
        """IPv4 and IPv6, two addresses of one family: 50 calls across, a restart, ladders."""
        with clients.World() as world:
            strategies(world)
            text, four, six = site()
            world.serve(text)
            ready = f"udp:[::1]:{world.port},udp:127.0.0.2:{world.port}"
            clients.expect(ready in world.log("server"), world.log("server"))
            cross(world, four, six)
            held = [callers(world, clients, f"held{number}", host, dn, 5, hold=4000)
                    for number, (host, dn) in enumerate([("127.0.0.2", "8006"), ("::1", "8004")])]
            world.wait_for_events("EventEstablished", 60)
            world.server.kill()
            world.server.wait()
            world.serve(text)
            for process in held:
                clients.finished(process, "the callers who talked when the server was killed")
            expect_ours(world, clients, "held0", "127.0.0.2")
            released = world.wait_for_events("EventReleased", 60)
            for event in released[-10:]:
                shown = world.cli("calls", "show", event["ConnID"], "--json").stdout
                caller, phone = (("127.0.0.2", "[::1]") if event["DNIS"] == "8006"
                                 else ("[::1]", "127.0.0.1"))
                own = {message["own"] for message in json.loads(shown)["messages"]}
                clients.expect(own == {f"{caller}:{world.port}", f"{phone}:{world.port}"},
                               f"a ladder with our addresses {own}")

    def family_threads():
        """The same with two line threads for each address."""
        with clients.World() as world:
            strategies(world)
            text, four, six = site(extra=", line_threads = 2")
            world.serve(text)
            cross(world, four, six)

    def one_family():
        """A phone of a family that is not listened on: said, and the next target has the call."""
        with clients.World() as world:
            strategies(world)
            text, four, _ = site(listen="")
            world.serve(text)
            check = subprocess.run(
                [clients.POINTSMAN, "check", "strategies", "--site", "site.lua"],
                cwd=world.folder, capture_output=True, text=True, timeout=60)
            clients.expect("no address of sip.listen reaches sip:7006@[::1]" in
                           check.stdout + check.stderr, check.stdout + check.stderr)
            phone(world, clients, "127.0.0.1", four)
            began = time.monotonic()
            clients.finished(callers(world, clients, "callers", "127.0.0.1", "8009", 3),
                             "the callers")
            clients.expect(time.monotonic() - began < clients.PATIENCE / 2, "the calls had to wait")
            world.wait_for_events("EventReleased", 3, "7004")
            clients.wait_for("the sentence", lambda: "no address of listen reaches udp:["
                             in world.log("server"))

    def every_address():
        """udp:[::] beside udp:0.0.0.0 on one port, each with the address that it advertises."""
        with clients.World() as world:
            strategies(world)
            text, four, six = site(
                listen=', "udp:[::]:PORT"',
                extra=', advertise = { "127.0.0.3", "::1" }')
            world.serve(text.replace("udp:127.0.0.1", "udp:0.0.0.0"))
            phone(world, clients, "127.0.0.1", four)
            phone(world, clients, "::1", six)
            for name, host, dn, own in (("c4", "127.0.0.1", "8006", "127.0.0.3"),
                                        ("c6", "::1", "8004", "[::1]")):
                clients.finished(callers(world, clients, name, host, dn, 5), "the callers")
                expect_ours(world, clients, name, own)

    def family_softphone():
        """baresip registers over IPv6, is called from IPv4, and calls a phone on IPv4."""
        if not has_outer_version6():
            print("     skipped: baresip speaks no IPv6 where ::1 is the only address")
            return
        with clients.World() as world:
            strategies(world)
            world.strategy("any", clients.ANY)
            text, four, _ = site()
            text = text.replace("agents = { ", "agents = { " + clients.auto("1001", "7001"))
            text = text.replace('["8004"]', '["8000"] = { strategy = "any" }, ["8004"]')
            world.serve(text)
            softphone, control = clients.baresip(
                world, "softphone", clients.free_port(), "demo", 60, host="::1")
            world.wait_for_events("EventAgentReady", 1, "7001")
            clients.finished(callers(world, clients, "callers", "127.0.0.1", "8000", 2, hold=300),
                             "the callers")
            world.wait_for_events("EventReleased", 2, "7001")
            phone(world, clients, "127.0.0.1", four)
            with socket.create_connection(("127.0.0.1", control), 30) as sock:
                text = json.dumps({"command": "dial",
                                   "params": f"sip:8004@[::1]:{world.port}", "token": "1"})
                sock.sendall(f"{len(text)}:{text},".encode())
                world.wait_for_events("EventEstablished", 1, "7004")
                text = json.dumps({"command": "hangup", "token": "2"})
                sock.sendall(f"{len(text)}:{text},".encode())
                world.wait_for_events("EventReleased", 1, "7004")

    return [families, family_threads, one_family, every_address, family_softphone]
