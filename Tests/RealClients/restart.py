"""What a server remembers: `kill -9` at random moments, SIGTERM, and a full disk."""

import contextlib
import json
import os
import random
import re
import socket
import subprocess
import threading
import time

ROUNDS = int(os.environ.get("KILLS", "10"))
PHONES = 3
PEOPLE = 20


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

    def ask(self, action, state):
        """An agent request; only its acknowledgement counts."""
        self.doubt = True
        done = self.world.cli("agent", action, self.agent, check=False)
        if done.returncode == 0:
            self.state = state
            self.doubt = False


def live(people, rng, is_over):
    """People log in, become ready and not ready, and register, until it is over."""
    while not is_over.is_set():
        person = rng.choice(people)
        if not person.registered or rng.random() < 0.3:
            person.register()
        elif person.state == "logged_out":
            person.ask("login", "not_ready")
        elif person.state == "ready":
            person.ask("not-ready", "not_ready")
        else:
            person.ask("ready", "ready")


def listed(world, what):
    return json.loads(world.cli(what, "--json").stdout)[what]


def is_as_told(world, base, people, seen):
    """Everything that was acknowledged is there; nobody is stuck; numbers have no gap."""
    def settled():
        states = {agent["id"]: agent["state"] for agent in listed(world, "agents")}
        return all(states[f"100{index}"] in ("ready", "not_ready") for index in range(PHONES)) \
            and states

    states = base.wait_for("the agents to be free again", settled)
    service = {dn["dn"]: dn["in_service"] for dn in listed(world, "dns")}
    for person in people:
        if person.registered:
            base.expect(service[person.dn], f"the registration of {person.dn} is lost")
        if person.doubt:
            person.state = states[person.agent]
            person.doubt = False
        base.expect(states[person.agent] == person.state,
                    f"{person.agent} is {states[person.agent]}, not {person.state}")
    base.expect(not listed(world, "calls"), "a call outlived the server")
    events = world.events()
    numbers = [event["seq"] for event in events]
    base.expect(numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a gap in seq")
    fresh = {event["seq"]: event for event in events}
    for event in seen:
        base.expect(event["seq"] not in fresh or fresh[event["seq"]] == event,
                    f"event {event['seq']} is another one now")
    return events


def kill(base):
    """kill -9 at random moments: nothing that was acknowledged is lost, the recording replays."""
    rng = random.Random(20261121)
    with base.World() as world:
        port = base.free_port()
        people = [Person(world, number, base) for number in range(PEOPLE)]
        site = base.site(
            "".join(base.fixed(f"700{index}", port) for index in range(PHONES))
            + "".join(f'["{person.dn}"] = {{}},' for person in people),
            "".join(base.auto(f"100{index}", f"700{index}") for index in range(PHONES))
            + "".join(f'["{person.agent}"] = {{ extension = "{person.dn}" }},'
                      for person in people),
            queues='["9000"] = { name = "support", agents = "support > 0" },',
            points='["8000"] = { strategy = "any", default = { "queue:9000" } },')
        world.strategy("any", "return function(call)\n  state.n = (state.n or 0) + 1\n"
                              "  return any { skills = \"support > 0\" }\nend\n")
        world.serve(site)
        world.phone(port, ring=20)
        seen = []
        for number in range(ROUNDS):
            callers = [world.callers(dn, 200, hold=100, rate=100, name=f"callers{number}-{dn}")
                       for dn in ("8000", "9000")]
            is_over = threading.Event()
            thread = threading.Thread(target=live, args=(people, random.Random(number), is_over))
            thread.start()
            time.sleep(rng.uniform(0.05, 1.5))
            with contextlib.suppress(Exception):
                seen = world.events()
            world.server.kill()
            world.server.wait()
            is_over.set()
            thread.join()
            for caller in callers:
                caller.kill()
                caller.wait()
            world.serve(site)
            seen = is_as_told(world, base, people, seen)
        before = json.loads(world.cli("statistics", "--json").stdout)
        world.server.terminate()
        world.server.wait()
        world.serve(site)
        after = json.loads(world.cli("statistics", "--json").stdout)
        for key in ("calls", "answered", "abandoned", "by_queue"):
            base.expect(before.get(key) == after.get(key), f"{key} is {after.get(key)} now")
        same_day(world, base, len(seen))


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
