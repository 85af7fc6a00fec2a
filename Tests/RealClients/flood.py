"""A flood of REGISTERs that nobody answers for, while calls run: do the calls suffer?"""

import datetime
import re
import socket
import threading
import time

FLOOD = 50_000
RATE = 20
CALLS = 200


def setup_times(path):
    """Milliseconds from INVITE to 200 for each call that was answered, from sipp's messages."""
    began = {}
    times = {}
    blocks = re.split(r"-{20,} (\S+ [\d:.]+|[\d-]+\S+)\s*\n", path.read_text(errors="replace"))
    for stamp, text in zip(blocks[1::2], blocks[2::2]):
        call = re.search(r"(?im)^call-id:\s*(\S+)", text)
        if not call:
            continue
        moment = datetime.datetime.fromisoformat(stamp.replace("\t", " ").strip()).timestamp()
        if "message sent" in text and re.search(r"(?m)^INVITE ", text):
            began.setdefault(call.group(1), moment)
        elif re.search(r"(?m)^SIP/2.0 200 ", text) and re.search(r"(?im)^cseq: \d+ INVITE", text):
            times.setdefault(call.group(1), (moment - began[call.group(1)]) * 1000)
    return len(began), sorted(times.values())


def flood(port, state):
    """50,000 REGISTERs from one address in five seconds; what comes back is only counted."""
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.9.9", 0))
        own = sock.getsockname()[1]
        sock.setblocking(False)
        for number in range(FLOOD):
            sock.sendto((
                f"REGISTER sip:demo.local SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.9.9:{own};branch=z9hG4bKflood{number}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:7001@demo.local>;tag={number}\r\n"
                f"To: <sip:7001@demo.local>\r\nCall-ID: flood{number}\r\n"
                f"CSeq: 1 REGISTER\r\nContact: <sip:7001@127.0.9.9>\r\n"
                "Content-Length: 0\r\n\r\n").encode(), ("127.0.0.1", port))
            state["sent"] += 1
            if number % 500 == 499:
                time.sleep(0.05)
            try:
                while sock.recv(4096):
                    state["answers"] += 1
            except BlockingIOError:
                pass
    state["seconds"] = time.monotonic() - began


def phase(base, world, name, flooded):
    """200 calls at 20 a second; the share that was answered, and how long that took."""
    state = {"sent": 0, "answers": 0}
    callers = world.callers("8000", CALLS, hold=200, rate=RATE, name=name, ani=name[0])
    if flooded:
        time.sleep(1)
        thread = threading.Thread(target=flood, args=(world.port, state))
        thread.start()
        thread.join()
    base.wait_for("the callers", lambda: callers.poll() is not None)
    calls, times = setup_times(world.folder / f"{name}.msg")
    base.expect(times, f"no call was answered in {name}")
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    print(f"     {name:8} {len(times)} of {calls} calls answered, set-up ms: median "
          f"{times[len(times) // 2]:.1f}, p99 {p99:.1f}, max {times[-1]:.1f}"
          + (f"; flood {state['sent']} in {state['seconds']:.1f} s, answered {state['answers']}"
             if flooded else ""))
    return calls, times, state


def run(base):
    """The same calls without and with the flood."""
    with base.World() as world:
        port = base.free_port()
        world.strategy("out", 'return function(call) return trunk("carrier", "+4420") end\n')
        site = base.site('["7001"] = { password = "demo" },', "",
                         points='["8000"] = { strategy = "out", '
                                'default = { "trunk:carrier:+4420" } },')
        site = site.replace('"127.0.0.0/8"', '"127.0.0.1/32"').replace(
            "limits =", f'trunks = {{ carrier = {{ uri = "sip:127.0.0.1:{port}" }} }}, limits =')
        world.serve(site)
        world.phone(port, ring=1)
        before = base.resident(world.server)
        phase(base, world, "quiet", False)
        calls, times, state = phase(base, world, "flooded", True)
        after = base.resident(world.server)
        print(f"     resident {before} KiB before, {after} KiB after")
        base.expect(state["sent"] == FLOOD, "the flood was not sent")
        base.expect(calls == CALLS and len(times) == CALLS, "calls were lost in the flood")
        # The standard of `defence`: 400 a second, twice as many at once.
        allowed = 800 + 400 * (state["seconds"] + 1)
        base.expect(state["answers"] <= allowed, f"{state['answers']} answers to the flood")
        base.expect("sip: messages turned away: " in world.log("server"), "nobody was told")
        base.expect(after < before + 65_536, "the flood cost memory")
