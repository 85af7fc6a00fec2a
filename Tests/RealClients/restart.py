"""What a server remembers: acknowledged requests, the whole day, and a full disk."""

import contextlib
import os
import re
import socket
import subprocess


class Person:
    """Somebody whose requests are acknowledged, and what the last acknowledgement said."""

    def __init__(self, world, number, base):
        self.world = world
        self.agent = f"2{number:03}"
        self.dn = f"72{number:02}"
        self.port = base.free_port()
        self.registered = False
        self.state = "logged_out"
        self.doubt = False
        self.sequence = 0

    def register(self):
        """A REGISTER; true when the 200 came."""
        self.sequence += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(0.5)
            own = sock.getsockname()[1]
            sock.sendto((
                f"REGISTER sip:127.0.0.1:{self.world.port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{self.dn}{self.sequence}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{self.dn}@demo.local>;tag=1\r\n"
                f"To: <sip:{self.dn}@demo.local>\r\nCall-ID: {self.dn}-{self.port}\r\n"
                f"CSeq: {self.sequence} REGISTER\r\n"
                f"Contact: <sip:{self.dn}@127.0.0.1:{self.port}>;expires=3600\r\n"
                "Content-Length: 0\r\n\r\n").encode(), ("127.0.0.1", self.world.port))
            with contextlib.suppress(OSError):
                if sock.recv(65536).startswith(b"SIP/2.0 200 "):
                    self.registered = True


def same_day(world, base, least, times=3):
    """The whole store as a recording, three times: the same to the byte."""
    world.cli("export", "-o", "day.jsonl")
    answers = set()
    for extra in ([], [], ["--trust-steps"])[:times]:
        run = subprocess.run(
            [base.POINTSMAN, "replay", "--recording", "day.jsonl", *extra],
            cwd=world.folder, capture_output=True, text=True, timeout=300)
        base.expect(run.returncode == 0, run.stdout + run.stderr)
        answers.add(run.stdout)
    base.expect(len(answers) == 1, f"replays differ: {answers}")
    events = int(re.search(r"(\d+) events: the same", answers.pop()).group(1))
    base.expect(events >= least, f"only {events} events were recorded, {least} were seen")


def full_disk(base):
    """A full disk: new calls get 503, those that are there go on, and all is stored afterwards."""
    if os.geteuid() != 0:
        print("     skipped: a small file system needs root")
        return
    with base.World() as world:
        data = world.folder / "var"
        data.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", data],
                          capture_output=True).returncode != 0:
            print("     skipped: nothing may be mounted here")
            return
        try:
            fill(base, world, data)
        finally:
            world.server.terminate()
            world.server.wait()
            subprocess.run(["umount", "-l", data], check=True)


def fill(base, world, data):
    port = base.free_port()
    site = base.site(base.fixed("7002", port), base.auto("1002", "7002"),
                     points='["8000"] = { strategy = "any" }, '
                            '["8001"] = { strategy = "refuse" },')
    world.strategy("any", base.ANY)
    world.strategy("refuse", "return function(call) return reject(404) end\n")
    world.serve(site)
    world.phone(port)
    caller = world.callers("8000", 1, hold=4000)
    world.wait_for_events("EventEstablished", 1, "7002")
    ballast = data / "ballast"
    with contextlib.suppress(OSError), open(ballast, "wb") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()

    def refused():
        return base.send_invite(world.port, "8001").startswith("SIP/2.0 503")

    base.wait_for("new calls to be refused", refused)
    base.expect("the disk is full" in world.log("server"), world.log("server"))
    # The call that was there ends as it should.
    base.finished(caller, "the caller who was there")
    ballast.unlink()
    base.wait_for("calls to be taken again", lambda: not refused())
    alarms = [event["ErrorMessage"] for event in world.events("EventError")]
    base.expect(any("disk is full" in text for text in alarms), f"no alarm among {alarms}")
    base.expect(world.events("EventReleased", "7002"), "the call's end was not announced")
    count = len(world.events())
    world.server.kill()
    world.server.wait()
    world.serve(site)
    base.expect(len(world.events()) >= count, "events are lost")
    same_day(world, base, count)
