#!/usr/bin/env python3
"""Recomputes the statistics from the event stream, independently of the engine (DOMAIN 5).

    torment --events 100000 | Tests/Statistics/recompute.py

Reads events as JSON Lines; the last line holds the engine's own figures. Prints what differs and
exits 1, or says that nothing does. Event times are read to the microsecond, as the events carry
them; instants of the simulation are whole milliseconds, so nothing is lost.
"""
import calendar
import functools
import json
import sys
import time

ANSWER_THRESHOLD = 3 * 10**9
ABANDON_THRESHOLD = 1 * 10**9


def nanoseconds(text):
    """2026-11-20T09:00:00.123456Z as nanoseconds since the Unix epoch."""
    moment, fraction = text.rstrip("Z").split(".")
    return seconds(moment) * 10**9 + int(fraction.ljust(9, "0"))


@functools.lru_cache(maxsize=1024)
def seconds(moment):
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%S"))


def device():
    names = """entered returned distributed overflowed abandoned abandoned_early cleared refused present
        longest_present_ns defaulted rejected answered answered_early missed abandoned_ringing"""
    figures = {name: 0 for name in names.split()}
    for kind in ("distributed_wait", "abandoned_wait", "answered_wait"):
        figures[kind] = {"count": 0, "sum_ns": 0, "max_ns": 0}
    return figures


def agent():
    names = """calls missed refused abandoned_ringing ring_ns talk_ns login_ns ready_ns not_ready_ns
        after_call_work_ns"""
    return {name: 0 for name in names.split()}


def add(waits, duration):
    waits["count"] += 1
    waits["sum_ns"] += duration
    waits["max_ns"] = max(waits["max_ns"], duration)


class Fold:
    """Each call's history is kept as plain facts; the figures are read off them."""

    def __init__(self):
        self.devices = {}
        self.agents = {}
        self.strategies = {}
        self.inside = {}  # (call, DN) -> since when
        self.entries = {}  # (call, DN) -> the last time it entered
        self.legs = {}  # call -> the leg that rings or talks
        self.failed = {}  # call -> the device of the leg that came to nothing last
        self.states = {}  # agent -> (state, since)
        self.now = 0
        self.sequence = 0

    def take(self, event):
        self.now = nanoseconds(event["time"])
        assert event["seq"] == self.sequence + 1, "a gap in the stream"
        self.sequence = event["seq"]
        handler = getattr(self, event["event"][5:].lower(), None)
        if handler:
            handler(event)

    def at(self, dn):
        return self.devices.setdefault(dn, device())

    def queued(self, event):
        call, dn = event["ConnID"], event["ThisDN"]
        figures = self.at(dn)
        figures["entered"] += 1
        if self.failed.get(call) == dn:
            figures["returned"] += 1
        self.inside[call, dn] = self.now
        self.entries[call, dn] = self.now

    def leave(self, event):
        return self.inside.pop((event["ConnID"], event["ThisDN"]), None)

    def diverted(self, event):
        since = self.leave(event)
        figures = self.at(event["ThisDN"])
        if since is None:
            return
        if event.get("CallState") == 22:
            figures["cleared"] += 1
            return
        figures["distributed"] += 1
        figures["overflowed"] += event.get("CallState") == 20
        add(figures["distributed_wait"], self.now - since)

    def abandoned(self, event):
        if event.get("ThisQueue") == event["ThisDN"]:
            since = self.leave(event)
            figures = self.at(event["ThisDN"])
            if since is not None:
                figures["abandoned"] += 1
                figures["abandoned_early"] += self.now - since <= ABANDON_THRESHOLD
                add(figures["abandoned_wait"], self.now - since)
            return
        self.leg_ends(event, "abandoned_ringing")

    def released(self, event):
        if event.get("ThisDNRole") == 1:
            return
        if event.get("ThisQueue") == event["ThisDN"]:
            figures = self.at(event["ThisDN"])
            figures["refused"] += self.leave(event) is not None
            return
        self.leg_ends(event, {7: "missed", 25: None}.get(event.get("CallState"), "refused"))

    def routeused(self, event):
        name = event.get("Extensions", {}).get("STRATEGY", "")
        blank = {"routed": 0, "defaulted": 0, "rejected": 0}
        strategy = self.strategies.setdefault(name, blank)
        kind = {1: "defaulted", 6: "routed", 7: "rejected"}[event["RouteType"]]
        strategy[kind] += 1
        figures = self.at(event["ThisDN"])
        if kind != "routed":
            figures[kind] += 1

    def ringing(self, event):
        call, queue = event["ConnID"], event.get("ThisQueue")
        if queue:
            self.at(queue)
        self.legs[call] = {
            "queue": queue,
            "agent": event.get("AgentID"),
            "entered": self.entries.get((call, queue), self.now),
            "since": self.now,
            "talks": False,
        }

    def person(self, leg):
        return self.agents.setdefault(leg["agent"], agent()) if leg["agent"] else agent()

    def established(self, event):
        if event.get("ThisDNRole") == 1 or event["ConnID"] not in self.legs:
            return
        leg = self.legs[event["ConnID"]]
        if leg["queue"]:
            figures = self.at(leg["queue"])
            wait = self.now - leg["entered"]
            figures["answered"] += 1
            figures["answered_early"] += wait <= ANSWER_THRESHOLD
            add(figures["answered_wait"], wait)
        person = self.person(leg)
        person["ring_ns"] += self.now - leg["since"]
        person["calls"] += 1
        leg["talks"], leg["since"] = True, self.now

    def leg_ends(self, event, how):
        leg = self.legs.pop(event["ConnID"], None)
        if leg is None:
            return
        person = self.person(leg)
        if leg["talks"]:
            person["talk_ns"] += self.now - leg["since"]
            return
        person["ring_ns"] += self.now - leg["since"]
        # A phone whose call was picked up elsewhere has neither missed nor refused it.
        if how:
            person[how] += 1
            if leg["queue"] and how != "refused":
                self.at(leg["queue"])[how] += 1
        self.failed.clear()
        self.failed[event["ConnID"]] = leg["queue"]

    def partychanged(self, event):
        call, consult = event["ConnID"], event["PreviousConnID"]
        # Whoever was called and stays has talked as such until here.
        self.leg_ends(event, "refused")
        if consult in self.legs:
            self.legs[call] = self.legs.pop(consult)
        for facts in (self.inside, self.entries):
            for key in [key for key in facts if key[0] == consult]:
                facts[call, key[1]] = facts.pop(key)

    def becomes(self, event, state):
        name = event["AgentID"]
        self.agents.setdefault(name, agent())
        before, since = self.states.get(name, (None, 0))
        if before:
            self.agents[name][before] += self.now - since
        self.states[name] = (state, self.now)

    def agentlogin(self, event):
        self.agents.setdefault(event["AgentID"], agent())
        if self.states.get(event["AgentID"], (None,))[0] is None:
            self.becomes(event, "not_ready_ns")

    def agentlogout(self, event):
        self.becomes(event, None)

    def agentready(self, event):
        self.becomes(event, "ready_ns")

    def agentnotready(self, event):
        acw = event.get("AgentWorkMode") == 3
        self.becomes(event, "after_call_work_ns" if acw else "not_ready_ns")

    def figures(self):
        for name, (state, since) in self.states.items():
            if state:
                self.agents[name][state] += self.now - since
        for person in self.agents.values():
            states = ("ready_ns", "not_ready_ns", "after_call_work_ns")
            person["login_ns"] = sum(person[state] for state in states)
        for dn, figures in self.devices.items():
            stays = [since for (_, at), since in self.inside.items() if at == dn]
            figures["present"] = len(stays)
            figures["longest_present_ns"] = self.now - min(stays) if stays else 0
            calls = figures["answered"] + figures["abandoned"] - figures["abandoned_early"]
            if calls:
                figures["service_factor"] = 1000 * figures["answered_early"] // calls
            left = ("distributed", "abandoned", "cleared", "refused", "present")
            assert figures["entered"] == sum(figures[name] for name in left), f"identity at {dn}"
        return {
            "seq": self.sequence,
            "devices": self.devices,
            "agents": self.agents,
            "strategies": self.strategies,
        }


def differences(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            yield from differences(ours.get(key), theirs.get(key), f"{path}/{key}")
    elif ours != theirs:
        yield f"{path}: recomputed {ours}, the engine says {theirs}"


def main():
    fold, theirs = Fold(), None
    for line in sys.stdin:
        value = json.loads(line)
        if "event" in value:
            fold.take(value)
        else:
            theirs = value
    if theirs is None:
        print("the stream ends without figures")
        return 2
    found = list(differences(fold.figures(), theirs))
    for line in found[:40]:
        print(line)
    calls = sum(figures["entered"] for figures in fold.devices.values())
    if not found:
        print(f"{fold.sequence} events, {calls} entries into devices: both folds give the same figures")
    return 1 if found else 0


sys.exit(main())
