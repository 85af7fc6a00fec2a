"""Reloads under load: every generation marks its calls, so that a mixed one would show.

Each generation attaches its number when a call begins and, a moment later, when it is routed. The
number at both ends, the fingerprint in every decision, and the fingerprint that the reload
answered with must agree.
"""

import json
import os
import pathlib
import signal
import socket
import threading
import time

STRATEGY = """local hours = require "lib.hours"
return function(call)
  call:attach {{ began = "{number}" }}
  call:wait(0.2)
  call:attach {{ ended = hours.number }}
  return ANY
end
"""
RATE = 100
AGENTS = 150
PERIOD = 0.1
# SIP keeps what it knows of a call for 32 seconds: before that, memory grows in any case.
WARM_UP = 40
# What glibc's allocator may keep over the course of a soak, in KiB.
SLACK = 2048


class Control:
    """The control socket, without starting a program for every request."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(path))
        self.lines = self.sock.makefile("r")

    def ask(self, verb, **members):
        self.sock.sendall((json.dumps({"verb": verb, **members}) + "\n").encode())
        status = json.loads(self.lines.readline())
        return json.loads(self.lines.readline()) if status["ok"] else status


class Follower(threading.Thread):
    """Folds the event stream while it comes: one small record a call."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.control = Control(path)
        self.calls = {}
        self.gaps = 0
        self.last = 0
        self.control.sock.settimeout(None)

    def run(self):
        request = {"verb": "events", "follow": True, "from": 1}
        self.control.sock.sendall((json.dumps(request) + "\n").encode())
        self.control.lines.readline()
        for line in self.control.lines:
            self.take(json.loads(line))

    def take(self, event):
        if "gap" in event:
            self.gaps += 1
        self.last = event.get("seq", self.last)
        if "ConnID" not in event:
            return
        call = self.calls.setdefault(event["ConnID"], {
            "generations": set(), "types": set(), "kinds": [], "began": None, "ended": None})
        call["kinds"].append(event["event"])
        generation = event.get("Extensions", {}).get("GENERATION")
        if generation:
            call["generations"].add(generation)
        if event["event"] == "EventRouteUsed":
            call["types"].add(event["RouteType"])
        for key in ("began", "ended"):
            call[key] = event.get("UserData", {}).get(key, call[key])


def write(world, number):
    """Two files change together, each put into its place at once."""
    lib = world.strategies / "lib"
    lib.mkdir(exist_ok=True)
    for path, text in [
            (lib / "hours.lua", f'return {{ number = "{number}" }}\n'),
            (world.strategies / "any.lua", STRATEGY.format(number=number))]:
        partial = path.with_suffix(".part")
        partial.write_text(text)
        os.rename(partial, path)


def callers(tools, world):
    """Callers at a steady rate, until they are told to stop with SIGUSR1."""
    scenario = world.folder / "callers.xml"
    text = (tools.HERE / "caller.xml").read_text()
    scenario.write_text(text.replace("HOLD", "300").replace("ANI", "44"))
    return world.spawn(
        "callers", "sipp", "-nostdin", "-sf", scenario, "-i", "127.0.0.1", "-p",
        tools.free_port(), "-mi", "127.0.0.1", "-s", "8000", "-m", 10_000_000, "-r", RATE,
        "-l", 5000, f"127.0.0.1:{world.port}")


def phones(tools, world, port):
    scenario = world.folder / "phones.xml"
    text = (tools.HERE / "phone.xml").read_text()
    scenario.write_text(text.replace("RING", "50"))
    world.spawn("phones", "sipp", "-nostdin", "-sf", scenario, "-i", "127.0.0.1", "-p", port,
                "-mi", "127.0.0.1")
    tools.wait_for("the phones", lambda: tools.is_bound(port))


def check(tools, follower, number_of, calls):
    """Every call was answered once, and lived in one generation from beginning to end."""
    tools.expect(follower.gaps == 0, "the event stream has gaps")
    tools.expect(len(calls) > 0, "there were no calls")
    marks_of = {}
    for name, call in calls.items():
        tools.expect(call["kinds"].count("EventEstablished") == 1, f"{name} was not answered")
        tools.expect(call["kinds"].count("EventReleased") == 1, f"{name} did not end: {call}")
        tools.expect(1 not in call["types"], f"{name} took the default route: {call}")
        tools.expect(len(call["generations"]) == 1, f"{name} has mixed generations: {call}")
        (generation,) = call["generations"]
        # The watch may see one file changed and the other not yet, if the writer is held up: such
        # a set is a generation too, and all its calls have the same two marks.
        number = number_of.get(generation)
        expected = marks_of.setdefault(
            generation, (number, number) if number else (call["began"], call["ended"]))
        tools.expect((call["began"], call["ended"]) == expected,
                     f"{name} ran in a mixture: {call}, expected {expected}")


def run(tools, reloads):
    """The soak itself; prints what it measured."""
    with tools.World() as world:
        port = tools.free_port()
        write(world, 0)
        world.serve(tools.site(
            "".join(tools.fixed(f"{7000 + index}", port) for index in range(AGENTS)),
            "".join(tools.auto(f"{1000 + index}", f"{7000 + index}") for index in range(AGENTS)),
            points='["8000"] = { strategy = "any", timeout = 60 },',
            limits="events_kept = 5000, decisions_kept = 5000, generation_drain = 60"))
        phones(tools, world, port)
        path = world.folder / "var/control.sock"
        control = Control(path)
        number_of = {control.ask("strategies")["generation"]: "0"}
        follower = Follower(path)
        follower.start()
        traffic = callers(tools, world)
        tools.wait_for("the first call", lambda: follower.calls)
        if reloads >= 100:
            time.sleep(WARM_UP)
        memory = {}
        alive = 0
        before = len(follower.calls)
        began = time.monotonic()
        for number in range(1, reloads + 1):
            time.sleep(max(0, began + number * PERIOD - time.monotonic()))
            write(world, number)
            answer = control.ask("reload")
            # The watch may have seen the files first: then they are in use already.
            tools.expect("generation" in answer, f"reload {number}: {answer}")
            number_of[answer["generation"]] = str(number)
            if number in (reloads // 10, reloads // 2, reloads):
                memory[number] = tools.resident(world.server)
            if number == reloads:
                alive = len([1 for each in control.ask("versions")["versions"] if each["calls"]])
        took = time.monotonic() - began
        during = len(follower.calls) - before
        traffic.send_signal(signal.SIGUSR1)
        tools.finished(traffic, "the callers")
        tools.wait_for("the last call's end", lambda: not control.ask("calls")["calls"])
        last = control.ask("snapshot")["seq"]
        tools.wait_for("the events", lambda: follower.last >= last)
        calls = follower.calls
        check(tools, follower, number_of, calls)
        versions = control.ask("versions")
        tools.expect(len(number_of) == reloads + 1, f"{len(number_of)} generations ran")
        tools.expect(len(versions["versions"]) <= 10, "more versions are kept than 10")
        switches = versions["switches"]
        blobs = len(list(pathlib.Path(world.folder / "var/strategies/blobs").iterdir()))
        ran = len({call["began"] for call in calls.values()})
        print(f"     {reloads} reloads in {took:.0f} s, {during} calls meanwhile "
              f"({during / took:.0f} a second; {len(calls)} in all, in {ran} generations); none lost, none mixed; "
              f"{alive} generations had calls at the last reload")
        print(f"     pause of the switch: longest {switches['pause_max'] * 1e6:.0f} µs, "
              f"mean {switches['pause_mean'] * 1e6:.0f} µs over {switches['count']}")
        print("     resident: " + ", ".join(
            f"{size} KiB after {number}" for number, size in memory.items())
            + f"; {blobs} blobs kept")
        first, end = memory[reloads // 10], memory[reloads]
        tools.expect(reloads < 100 or end <= first + SLACK, f"memory grew: {memory}")
