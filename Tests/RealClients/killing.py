"""kill -9 under load, again and again: what callers, phones and agents notice of it.

200 calls a second by real SIP over loopback, from clients that stay alive; the server is killed at
random moments and started again. Every so many kills the traffic ends, everybody must have got what
he was due, and a new store begins.
"""

import collections
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import threading
import time

import agents
import restart
import soak

KILLS = int(os.environ.get("KILLS", "10"))
EPOCH = int(os.environ.get("KILLS_PER_STORE", "25"))
WORKERS = int(os.environ.get("KILL_WORKERS", "1"))
RATE = int(os.environ.get("KILL_RATE", "200"))
CREW = 90
PATIENCE = 240
PEOPLE = 12
STRATEGIES = {
    "any": 'return function(call) return any { skills = "sales > 0" } end\n',
    "slow": """return function(call)
  call:wait(0.3)
  local n = random()
  call:attach { n = tostring(n) }
  local agent = call:select(any { skills = "sales > 0" }, { timeout = 30 })
  if agent then call:route(agent) end
  return queue "9001"
end
""",
    "away": 'return function(call) return dn "7999" end\n',
}


def make_call(traffic):
    """One more caller: most wait as long as it takes, some give up."""
    rng = traffic.rng
    traffic.numbers = getattr(traffic, "numbers", 0) + 1
    dn = rng.choices(["9000", "8000", "8001", "8002"], [45, 25, 22, 8])[0]
    return agents.Caller(traffic, f"{traffic.numbers:06}", dn, {
        "patience": rng.uniform(0.3, 4) if rng.random() < 0.2 else None,
        "talk": rng.uniform(0.1, 0.6),
        "hangs_up": traffic.numbers % 2 == 0,
        "reinvites": rng.random() < 0.1,
    })


def make_phone(traffic):
    """What a phone does with the next call."""
    rng = traffic.rng
    kind = rng.random()
    return {
        "busy": kind < 0.01, "deaf": 0.01 <= kind < 0.015, "ring": rng.uniform(0.02, 0.25),
        "talk": rng.uniform(0.1, 0.6), "caller_hangs_up": lambda number: int(number) % 2 == 0,
    }


def site(base, port, people):
    crew = "".join(base.fixed(f"7{index:03}", port) for index in range(CREW))
    logins = "".join(
        base.auto(f"1{index:03}", f"7{index:03}",
                  "support = 5" if index % 2 else "sales = 5")
        for index in range(CREW))
    return base.site(
        crew + base.fixed("7999", port) + "".join(f'["{person.dn}"] = {{}},' for person in people),
        logins + "".join(f'["{person.agent}"] = {{ extension = "{person.dn}" }},'
                         for person in people),
        queues="".join(
            f'["{number}"] = {{ name = "{skill}", agents = "{skill} > 0", ring_timeout = 5, '
            f'wrap_up = 0.1 }},' for number, skill in [("9000", "support"), ("9001", "sales")]),
        points='["8000"] = { strategy = "any", timeout = 60, default = { "queue:9001" } },'
               '["8001"] = { strategy = "slow", timeout = 60, default = { "queue:9001" } },'
               '["8002"] = { strategy = "away", divert = "redirect", redirect_blackout = 0 },')


class People(threading.Thread):
    """Who logs in, out and in again, and registers, while the server comes and goes."""

    def __init__(self, world, people, seed):
        super().__init__(daemon=True)
        self.world, self.people, self.rng = world, people, random.Random(seed)
        self.control = None
        self.is_over = False
        self.turn = threading.Lock()
        self.acknowledged = 0

    def run(self):
        while not self.is_over:
            with self.turn:
                self.step()
            time.sleep(0.005)

    def step(self):
        person = self.rng.choice(self.people)
        if not person.registered or self.rng.random() < 0.1:
            was = person.registered
            person.register()
            self.acknowledged += person.registered and not was
            return
        action, state = {
            "logged_out": ("login", "not_ready"), "ready": ("not-ready", "not_ready"),
        }.get(person.state, ("ready", "ready"))
        if person.state == "not_ready" and self.rng.random() < 0.3:
            action, state = "logout", "logged_out"
        if self.ask(person, action):
            person.state, person.doubt = state, False
            self.acknowledged += 1
        else:
            person.doubt = True

    def ask(self, person, action):
        try:
            if self.control is None:
                self.control = soak.Control(self.world.folder / "var/control.sock")
                self.control.sock.settimeout(5)
            answer = self.control.ask("agent", agent=person.agent, action=action)
            return answer.get("ok", True) is not False and "error" not in answer
        except (OSError, ValueError, KeyError):
            self.control = None
            return False


def moment(world):
    """Where every call, leg and agent was when the server died: from its store."""
    states = []
    path = world.folder / "var/pointsman.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT d.conn_id, d.part, d.state, c.ani, c.dn FROM dialogs d "
            "LEFT JOIN calls c ON c.conn_id = d.conn_id").fetchall()
        steps = {}
        for (body,) in database.execute(
                "SELECT body FROM signals WHERE derived = 1 ORDER BY sequence DESC LIMIT 4000"):
            step = json.loads(body)
            steps.setdefault(step.get("call"), step)
    for conn, part, state, ani, dn in rows:
        if part == "call":
            step = steps.get(conn, {})
            if state == "waiting":
                asks = step.get("signal") == "strategy.requested"
                asked = f"strategy asked for {step.get('request')}" if asks else "ANY"
                state = f"at a routing point: {asked}"
            states.append((state, ani))
        elif part in ("relay", "final") or state in ("abandoned", "parting", "ending"):
            states.append((f"{part} {state}" if part != "final" else "refusal without ACK", None))
    return states


def start(base, world, text):
    began = time.monotonic()
    world.serve(text)
    return time.monotonic() - began


def check_people(base, world, people, control):
    """Everything that was acknowledged is there."""
    states = {agent["id"]: agent["state"] for agent in control.ask("agents")["agents"]}
    service = {dn["dn"]: dn["in_service"] for dn in control.ask("dns")["dns"]}
    for person in people.people:
        if person.registered:
            base.expect(service[person.dn], f"the registration of {person.dn} is lost")
        if person.doubt:
            person.state, person.doubt = states[person.agent], False
        base.expect(states[person.agent] == person.state,
                    f"{person.agent} is {states[person.agent]}, not {person.state}")


def wake(control):
    """Who did not answer is made ready again, as his supervisor would."""
    for agent in control.ask("agents")["agents"]:
        if agent["id"].startswith("1") and agent["state"] == "not_ready":
            control.ask("agent", agent=agent["id"], action="ready")


def one_kill(base, world, text, people, result):
    rng = result["rng"]
    time.sleep(rng.uniform(0.05, 1.2))
    is_gentle = rng.random() < 0.1
    down = time.monotonic()
    if is_gentle:
        # SIGTERM and again: nobody is waited for, nobody is hung up on.
        world.server.send_signal(signal.SIGTERM)
        # Two that wait together are one.
        time.sleep(0.05)
        world.server.send_signal(signal.SIGTERM)
        world.server.wait(30)
        result["windows"].append((down, time.monotonic()))
    else:
        world.server.kill()
        world.server.wait()
    with people.turn:
        # Nobody asks anything until it is known what was acknowledged.
        for state, ani in moment(world):
            result["states"].append((state, ani))
        result["starts"].append(start(base, world, text))
        result["outages"].append(time.monotonic() - down)
        result["terms" if is_gentle else "kills"] += 1
        control = soak.Control(world.folder / "var/control.sock")
        for agent in control.ask("agents")["agents"]:
            result["agents"][agent["state"]] += 1
        check_people(base, world, people, control)
        wake(control)
        control.sock.close()


def finish(base, world, traffic, people, result):
    """No more calls; everybody who is there gets his due."""
    traffic.begin(0)
    # For longer than 64 T1 nobody sends anything again (RFC 3261 17): that proves nothing.
    base.expect(max(result["outages"]) < 30, "the machine is too busy: an outage of "
                f"{max(result['outages']):.0f} s")
    control = soak.Control(world.folder / "var/control.sock")

    def all_over():
        base.expect(traffic.failure is None, f"the traffic failed: {traffic.failure}")
        wake(control)
        time.sleep(0.2)
        return not traffic.alive()

    try:
        base.wait_for("the last call's end", all_over, PATIENCE)
    except base.Failure as failure:
        left = [f"{party} {list(party.pending)} {history(traffic.log, party.name())}"
                for party in traffic.alive()]
        raise base.Failure(f"{failure}; {len(left)} are left: {left[:4]} {traffic.count}") from None
    people.is_over = True
    people.join()
    base.wait_for("the server to know it", lambda: not control.ask("calls")["calls"])

    def free():
        wake(control)
        return all(agent["state"] == "ready" for agent in control.ask("agents")["agents"]
                   if agent["id"].startswith("1"))

    base.wait_for("every agent to be free", free)
    statistics = control.ask("statistics")
    rows = []
    # What is left of the line's memory goes with its timers.
    path = world.folder / "var/pointsman.db"

    def nothing_kept():
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows[:] = database.execute("SELECT part, state, conn_id FROM dialogs").fetchall()
        return not rows

    try:
        base.wait_for("the rows to be gone", nothing_kept)
    except base.Failure:
        raise base.Failure(f"rows are left: {rows}") from None
    return statistics


def same_after_stop(base, world, text, before):
    """SIGTERM, and the statistics are what they were."""
    world.server.terminate()
    world.server.wait(60)
    world.serve(text)
    control = soak.Control(world.folder / "var/control.sock")
    after = control.ask("statistics")
    for key in ("calls", "answered", "abandoned", "by_queue"):
        base.expect(before.get(key) == after.get(key), f"{key} is {after.get(key)} now")
    control.sock.close()


def check_order(base, log, events):
    """Nobody of the queue is offered to an agent while somebody with an earlier ticket waits."""
    tickets = {}
    for event in events:
        if event["event"] == "EventQueued" and event["ThisDN"] == "9000":
            tickets.setdefault(event["ANI"], len(tickets))
    by_ticket = sorted(tickets, key=tickets.get)
    waits = dict.fromkeys(by_ticket, True)
    first, offers, gone = 0, 0, set()
    last = {}
    for _, kind, ani, *where in log:
        if ani not in tickets:
            continue
        if kind == "back" and (ani in gone or last.get(ani) != where):
            # A phone that could not be cancelled before: he is at another one by now.
            continue
        if kind == "back":
            waits[ani] = True
            first = min(first, tickets[ani])
        elif kind == "gone":
            gone.add(ani)
            waits[ani] = False
        elif kind == "offer":
            offers += 1
            last[ani] = where
            while first < len(by_ticket) and not waits[by_ticket[first]]:
                first += 1
            if first < len(by_ticket) and first < tickets[ani]:
                earlier = by_ticket[first]
                base.expect(False, f"{ani} overtook {earlier}: {history(log, earlier, ani)}")
            waits[ani] = False
    base.expect(offers > 0, "nothing was offered")
    return offers


def history(log, *numbers):
    return [entry for entry in log if entry[2] in numbers]


def check_callers(base, traffic, result):
    """Everybody was answered, or gave up himself, or was sent elsewhere as his number says."""
    outcomes = collections.Counter()
    for caller in traffic.done:
        allowed = {"answered"}
        if caller.plan["patience"]:
            allowed.add("487")
        if caller.dn == "8002":
            allowed = {"302", "487"} if caller.plan["patience"] else {"302"}
        # A server that stops takes no more calls: whoever has not been heard before, and comes, or
        # comes again, while it stops, is refused then; nobody whom it, or one before it, has taken.
        if not caller.was_taken and any(begin < caller.ended < end + 0.5
                                        for begin, end in result["windows"]):
            allowed.add("503")
        base.expect(caller.outcome in allowed,
                    f"{caller.number} to {caller.dn} got {caller.outcome} at {caller.ended}, "
                    f"the server was stopped at {result['windows']}: "
                    f"{history(traffic.log, caller.number)}")
        base.expect(len(caller.tags) <= 1, f"{caller.number} saw the tags {caller.tags}")
        outcomes[caller.outcome] += 1
    base.expect(len(traffic.done) == traffic.numbers,
                f"{traffic.numbers - len(traffic.done)} callers never heard how it ended")
    base.expect(not traffic.mistakes, f"{traffic.mistakes[:3]}")
    gave_up = {key: count for key, count in traffic.count.items() if key.startswith("gave up")}
    base.expect(not gave_up, f"somebody never got an answer: {gave_up}")
    return outcomes


def check_events(base, world, seen):
    """Numbers without gaps, names used once, and what was shown is what is stored."""
    path = world.folder / "var/pointsman.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        bodies = [body for (body,) in database.execute("SELECT body FROM events ORDER BY seq")]
        unended = database.execute(
            "SELECT conn_id FROM calls WHERE ended IS NULL AND dn != '8002'").fetchall()
        calls = database.execute("SELECT count(*) FROM calls").fetchone()[0]
    events = [json.loads(body) for body in bodies]
    base.expect([event["seq"] for event in events] == list(range(1, len(events) + 1)),
                "the numbers have a gap")
    names = collections.defaultdict(set)
    for event in events:
        if "ConnID" in event:
            names["ConnID", event["ConnID"]].add((event["CallID"], event["CallUUID"]))
            names["CallID", event["CallID"]].add((event["ConnID"], event["CallUUID"]))
    twice = [key for key, values in names.items() if len(values) > 1]
    base.expect(not twice, f"used twice: {twice[:3]}")
    base.expect(not unended, f"never ended: {unended[:3]} of {len(unended)}")
    for number, body in seen.items():
        base.expect(events[number - 1] == body, f"event {number} was shown otherwise: {body}")
    return events, calls


class Watcher(threading.Thread):
    """Reads the event stream while there is one."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.seen, self.is_over = world, {}, False

    def run(self):
        while not self.is_over:
            try:
                control = soak.Control(self.world.folder / "var/control.sock")
                control.sock.settimeout(5)
                request = {"verb": "events", "follow": True, "from": max(self.seen, default=0) + 1}
                control.sock.sendall((json.dumps(request) + "\n").encode())
                control.lines.readline()
                for line in control.lines:
                    event = json.loads(line)
                    if "seq" in event:
                        self.seen[event["seq"]] = event
                    if self.is_over:
                        return
            except (OSError, ValueError):
                time.sleep(0.02)


def epoch(base, kills, seed):
    """So many kills on one store, with reloads between them; returns what happened."""
    result = {"rng": random.Random(seed), "states": [], "starts": [], "outages": [], "windows": [],
              "kills": 0, "terms": 0, "agents": collections.Counter()}
    with base.World() as world:
        traffic = agents.Traffic(world.port, make_call, make_phone, seed)
        people = People(world, [restart.Person(world, number, base) for number in range(PEOPLE)],
                        seed)
        for name, text in STRATEGIES.items():
            world.strategy(name, text)
        text = site(base, traffic.phones.getsockname()[1], people.people)
        world.serve(text)
        watcher = Watcher(world)
        for thread in (traffic, people, watcher):
            thread.start()
        traffic.begin(RATE)
        time.sleep(1)
        try:
            while result["kills"] < kills:
                one_kill(base, world, text, people, result)
                if result["kills"] % 6 == 3:
                    # Calls of the old generation go on in it, through the next kills too.
                    world.strategy("slow", f"-- {result['kills']}\n" + STRATEGIES["slow"])
                    world.cli("strategies", "reload")
                base.expect(traffic.failure is None, f"the traffic failed: {traffic.failure}")
            result["statistics"] = finish(base, world, traffic, people, result)
        finally:
            watcher.is_over = traffic.is_over = people.is_over = True
        traffic.join()
        same_after_stop(base, world, text, result["statistics"])
        events, result["calls"] = check_events(base, world, watcher.seen)
        result["outcomes"] = check_callers(base, traffic, result)
        result["offers"] = check_order(base, traffic.log, events)
        result["count"] = traffic.count
        result["events"], result["shown"] = len(events), len(watcher.seen)
        result["acknowledged"] = people.acknowledged
        restart.same_day(world, base, len(events), times=1 if seed % 10 else 3)
        ends = {caller.number: caller for caller in traffic.done}
        result["table"] = collections.Counter(
            (state, ends[ani].outcome if ani in ends else "-") for state, ani in result["states"])
    del result["rng"], result["states"], result["windows"]
    return result


def attempt(job):
    base, kills, seed = job
    try:
        return epoch(base, kills, seed)
    except Exception as problem:  # told by the parent, with the seed that shows it again
        return f"seed {seed}: {problem!r}"


def run(base):
    """KILLS kills, WORKERS servers at a time; prints the table of states and outcomes."""
    seed = int(os.environ.get("SEED", str(random.randrange(1_000_000))))
    jobs = [(min(EPOCH, KILLS - done), seed + index)
            for index, done in enumerate(range(0, KILLS, EPOCH))]
    context = multiprocessing.get_context("fork")
    global _BASE
    _BASE = base
    with context.Pool(WORKERS) as pool:
        outcomes = []
        # Ctrl-C: what has been done so far is told.
        with contextlib.suppress(KeyboardInterrupt):
            for outcome in pool.imap_unordered(_job, jobs):
                outcomes.append(outcome)
                word = outcome if isinstance(outcome, str) else f"{outcome['kills']} more kills"
                print(f"     {len(outcomes)} of {len(jobs)}: {word[:2000]}", file=sys.stderr)
    failures = [outcome for outcome in outcomes if isinstance(outcome, str)]
    report([outcome for outcome in outcomes if not isinstance(outcome, str)])
    base.expect(not failures, "\n     ".join(failures))


_BASE = None


def _job(job):
    return attempt((_BASE, *job))


def report(results):
    table = collections.Counter()
    totals = collections.Counter()
    for result in results:
        table.update(result["table"])
        for key in ("kills", "terms", "calls", "events", "offers", "acknowledged", "shown"):
            totals[key] += result[key]
        totals.update({f"caller {key}": value for key, value in result["outcomes"].items()})
        totals.update({f"agent {key}": value for key, value in result["agents"].items()})
        totals.update(result["count"])
    if not results:
        return
    starts = sorted(value for result in results for value in result["starts"])
    print(f"     {totals['kills']} kills and {totals['terms']} double SIGTERMs, "
          f"{totals['calls']} calls, {totals['events']} events, {totals['offers']} offers in order"
          f", {totals['acknowledged']} acknowledged requests; a start took "
          f"{starts[len(starts) // 2] * 1000:.0f} ms in the middle, "
          f"{starts[-1] * 1000:.0f} at most")
    print("     callers: " + ", ".join(
        f"{key[7:]} {value}" for key, value in sorted(totals.items()) if key.startswith("caller ")))
    print("     agents at the kills, all free at the end: " + ", ".join(
        f"{key[6:]} {value}" for key, value in sorted(totals.items()) if key.startswith("agent ")))
    print("     | at the kill | times | and then |")
    print("     |---|---|---|")
    for state in sorted({state for state, _ in table}):
        ends = {outcome: count for (each, outcome), count in table.items() if each == state}
        words = ", ".join(f"{NAMES.get(outcome, outcome)} {count}"
                          for outcome, count in sorted(ends.items()))
        print(f"     | {state} | {sum(ends.values())} | {words} |")
    print("     besides: " + ", ".join(
        f"{key} {value}" for key, value in sorted(totals.items())
        if key.startswith(("BYE", "re-INV", "not sent", "gave", "INVITE", "CANCEL", "callers"))))


NAMES = {"answered": "answered and ended", "487": "gave up himself", "302": "sent elsewhere",
         "503": "refused while it stopped", "-": "ended"}
