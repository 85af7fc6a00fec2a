"""Transfers: a sipp phone sends its caller on by REFER, or is relieved of a call that rings."""

import re
import socket


def sender(world, base, port, target):
    """A sipp phone that answers and sends its caller on to a DN."""
    scenario = world.folder / f"sender-{target}.xml"
    text = (base.HERE / "transferring.xml").read_text()
    server = f"127.0.0.1:{world.port}"
    text = text.replace("SERVER", server).replace("TARGET", target).replace("RING", "300")
    scenario.write_text(text)
    process = world.spawn(
        "sender", "sipp", "-nostdin", "-sf", scenario, "-i", "127.0.0.1", "-p", port, "-m", 1,
        "-mi", "127.0.0.1", "-trace_msg", "-message_file", world.folder / "sender.msg")
    base.wait_for("the sender", lambda: base.is_bound(port))
    return process


def caller(world, base, dn):
    """A sipp caller who is joined with somebody else by re-INVITE."""
    scenario = world.folder / "sent-on.xml"
    text = (base.HERE / "sent-on.xml").read_text()
    scenario.write_text(text.replace("HOLD", "300").replace("ANI", "44"))
    return world.spawn(
        "caller", "sipp", "-nostdin", "-sf", scenario, "-i", "127.0.0.1", "-p", base.free_port(),
        "-mi", "127.0.0.1", "-s", dn, "-m", 1, "-trace_msg", "-message_file",
        world.folder / "caller.msg", f"127.0.0.1:{world.port}")


def transferred(base, target, strategies, story):
    """A call to 8000 is answered at 7002 and sent on to `target`; 7003 talks with the caller."""
    with base.World() as world:
        first, second = base.free_port(), base.free_port()
        for name, text in strategies.items():
            world.strategy(name, text)
        points = "".join(f'["{8000 + index}"] = {{ strategy = "{name}" }},'
                         for index, name in enumerate(strategies))
        world.serve(base.site(
            base.fixed("7002", first) + base.fixed("7003", second),
            base.auto("1002", "7002"), points=points))
        referrer = sender(world, base, first, target)
        world.phone(second)
        base.finished(caller(world, base, "8000"), "the caller")
        base.finished(referrer, "the phone that sends on")
        released = world.wait_for_events("EventReleased", 1, dn="7003")
        calls = [event for event in world.events() if "ConnID" in event]
        told = [(event["event"], event["ThisDN"]) for event in calls
                if event["event"] in ("EventPartyChanged", "EventReleased", "EventEstablished")]
        base.expect(told == story, f"the events are {told}")
        base.expect(released[0]["ConnID"] == calls[0]["ConnID"], "the call has another name")
        base.expect(world.cli("calls").stdout.count("7003") == 0, "something is left")
        ladder = world.cli("calls", "show", released[0]["ConnID"], "--ladder").stdout
        for part in ("─ REFER ─│", "202 Ac… (REFER)", "200 OK (NOTIFY)", "EventPartyChanged"):
            base.expect(part in ladder, f"{part} is missing in {ladder}")
        # The consult call has no messages of its own: people mean the one that has them.
        last = world.cli("calls", "show", "last", "--ladder", check=False)
        base.expect(last.stdout == ladder, f"the last call is another one: {last.stderr}")
        consult = next(event["ConnID"] for event in calls if "PreviousConnID" in event)
        shown = world.cli("calls", "show", consult, "--ladder", check=False)
        base.expect(f"calls show {calls[0]['ConnID']}" in shown.stderr, shown.stdout + shown.stderr)


def picks_up(world, base, sock, ringing):
    """INVITE with Replaces from 7003 for the call that rings at a sipp phone; talks until BYE."""
    messages = base.wait_for("the phone to ring", lambda: (
        (text := ringing.read_text() if ringing.exists() else "") and "180 Ringing" in text
        and text))
    answer = messages[messages.index("180 Ringing"):]

    def tag(header):
        return re.search(rf"^{header}:.*tag=([^;\s]+)", answer, re.M | re.I).group(1)

    call = re.search(r"^Call-ID:(.*)$", answer, re.M | re.I).group(1).strip()
    replaces = f"{call};to-tag={tag('From')};from-tag={tag('To')}"
    port = sock.getsockname()[1]
    server = ("127.0.0.1", world.port)
    sdp = ("v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
           "m=audio 4000 RTP/AVP 0 8\r\n")
    head = (f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKBRANCH\r\nMax-Forwards: 70\r\n"
            "From: <sip:7003@demo.local>;tag=n\r\n")
    rest = f"Call-ID: pick-up-{port}\r\nContact: <sip:7003@127.0.0.1:{port}>\r\n"
    sock.sendto((f"INVITE sip:7002@127.0.0.1 SIP/2.0\r\n{head.replace('BRANCH', '1')}"
                 f"To: <sip:7002@127.0.0.1>\r\n{rest}CSeq: 1 INVITE\r\nReplaces: {replaces}\r\n"
                 f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
                 ).encode(), server)
    while True:
        message = sock.recv(65_536).decode()
        if message.startswith("BYE"):
            kept = "".join(line + "\r\n" for line in message.split("\r\n")
                           if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:")))
            sock.sendto(f"SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n".encode(), server)
            return
        base.expect(message.startswith(("SIP/2.0 100", "SIP/2.0 200")), message)
        if message.startswith("SIP/2.0 200"):
            base.expect("m=audio" in message, f"no session in {message}")
            to = re.search(r"^To: (.*)\r$", message, re.M).group(1)
            sock.sendto((f"ACK sip:7002@127.0.0.1 SIP/2.0\r\n{head.replace('BRANCH', '2')}"
                         f"To: {to}\r\n{rest}CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
                         ).encode(), server)


def checks(base):
    """The checks of this file."""

    def transfer_to_phone():
        """An agent's phone sends its caller on to another phone by REFER."""
        transferred(base, "7003", {"first": 'return function(call) return agent "1002" end\n'}, [
            ("EventEstablished", "7002"), ("EventEstablished", "7003"), ("EventReleased", "7002"),
            ("EventPartyChanged", "7003"), ("EventReleased", "7003")])

    def transfer_to_point():
        """… and to a routing point, whose strategy has the caller's number and his data."""
        transferred(base, "8001", {
            "first": 'return function(call) call:attach { who = "x" } return agent "1002" end\n',
            "second": "return function(call)\n"
                      '  if call.user_data.who ~= "x" then return reject(403) end\n'
                      '  if call.ani:sub(1, 2) ~= "44" then return reject(404) end\n'
                      '  return dn "7003"\nend\n',
        }, [
            ("EventEstablished", "7002"), ("EventReleased", "7002"),
            ("EventPartyChanged", "8001"), ("EventEstablished", "7003"),
            ("EventReleased", "7003")])

    def pick_up():
        """A call that rings at an agent's phone is picked up at another one (RFC 3891)."""
        with base.World() as world, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(base.PATIENCE)
            port = base.free_port()
            world.strategy("first", 'return function(call) return agent "1002" end\n')
            world.serve(base.site(
                base.fixed("7002", port) + base.fixed("7003", sock.getsockname()[1]),
                base.auto("1002", "7002"), points='["8000"] = { strategy = "first" },'))
            world.phone(port, answer=False)
            callers = world.callers("8000", 1, hold=500, rate=1)
            picks_up(world, base, sock, world.folder / f"phone-{port}.msg")
            base.finished(callers, "the caller")
            world.wait_for_events("EventReleased", 1, dn="7003")
            released = world.events("EventReleased", "7002")
            base.expect([event["CallState"] for event in released] == [25], f"{released}")
            base.expect(len(world.events("EventEstablished", "7003")) == 1, "nobody has answered")
            log = (world.folder / f"phone-{port}.msg").read_text()
            base.expect("Call completed elsewhere" in log, "the phone was not told why")

    return [transfer_to_phone, transfer_to_point, pick_up]
