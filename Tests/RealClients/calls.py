"""Calls with real clients: hold and retrieve, a phone that sends calls on, calls to a phone."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent

# A message of a phone inside its dialog, whose names the INVITE has given.
REQUEST = """  <send METHODRETRANS><![CDATA[
    METHOD [$target] SIP/2.0
    Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
    Max-Forwards: 70
    From:[$me];tag=p[pid]-[call_number]
    To:[$peer]
    Call-ID: [call_id]
    CSeq: NUMBER METHOD
    Contact: <sip:[local_ip]:[local_port]>
BODY
  ]]></send>
"""
DESCRIPTION = """    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=phone 1 NUMBER IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
    a=DIRECTION"""
ANSWER = """  <recv request="INVITE"/>
  <send retrans="500"><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:[local_ip]:[local_port]>
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=caller 1 2 IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
  ]]></send>
  <recv request="ACK"/>
"""


def request(method, number, direction=None):
    """A request of the phone."""
    body = DESCRIPTION.replace("DIRECTION", direction) if direction else "    Content-Length: 0\n"
    retrans = 'retrans="500"' if method != "ACK" else ""
    return (REQUEST.replace("METHODRETRANS", retrans).replace("BODY", body)
            .replace("METHOD", method).replace("NUMBER", str(number)))


def offer(number, direction):
    """A re-INVITE of the phone, its answer and its ACK."""
    return (request("INVITE", number, direction)
            + '  <recv response="100" optional="true"/>\n  <recv response="200"/>\n'
            + request("ACK", number))


NAMES = """  <recv request="INVITE"><action>
    <ereg regexp=".*" search_in="hdr" header="From:" assign_to="peer"/>
    <ereg regexp=".*" search_in="hdr" header="To:" assign_to="me"/>
    <ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="target"/>
  </action></recv>
"""


def checks(clients):
    """The checks, with what `run.py` offers them."""

    def sipp(world, name, text, *arguments):
        scenario = world.folder / f"{name}.xml"
        scenario.write_text(text)
        return world.spawn(
            name, "sipp", "-nostdin", "-sf", scenario, "-i", "127.0.0.1", "-mi", "127.0.0.1",
            "-trace_msg", "-message_file", world.folder / f"{name}.msg", *arguments)

    def hold():
        """A phone holds its caller and takes the call up again: EventHeld, EventRetrieved."""
        with clients.World() as world:
            port = clients.free_port()
            world.strategy("any", clients.ANY)
            world.serve(clients.site(
                clients.fixed("7002", port), clients.auto("1002", "7002"),
                points='["8000"] = { strategy = "any", divert = "bridge" },'))
            phone = (HERE / "phone.xml").read_text().replace("RING", "100")
            phone = phone.replace('  <recv request="INVITE"/>\n', NAMES)
            phone = phone.replace(
                '  <recv request="ACK"/>\n',
                '  <recv request="ACK"/>\n  <pause milliseconds="200"/>\n'
                + offer(1, "sendonly") + '  <pause milliseconds="200"/>\n'
                + offer(2, "sendrecv"))
            sipp(world, "phone", phone, "-p", port)
            clients.wait_for("the phone", lambda: clients.is_bound(port))
            caller = (HERE / "caller.xml").read_text().replace("ANI", "44")
            caller = caller.replace('  <pause milliseconds="HOLD"/>\n', ANSWER + ANSWER)
            clients.finished(
                sipp(world, "caller", caller, "-p", clients.free_port(), "-s", "8000", "-m", 1,
                     f"127.0.0.1:{world.port}"),
                "the caller")
            world.wait_for_events("EventReleased", 1)
            story = [event["event"] for event in world.events(dn="7002") if "ConnID" in event]
            clients.expect(
                story == ["EventRinging", "EventEstablished", "EventHeld", "EventRetrieved",
                          "EventReleased"],
                f"the events at the phone are {story}")

    def sent_on():
        """A phone answers 302: the call goes where it says, for the same attempt."""
        with clients.World(same=True) as world:
            first, second = clients.free_port(), clients.free_port()
            world.strategy("any", clients.ANY)
            world.serve(clients.site(
                clients.fixed("7002", first), clients.auto("1002", "7002"),
                points='["8000"] = { strategy = "any", divert = "bridge" },',
                sip=", follow_redirects = 2"))
            phone = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="forwarding phone">
  <recv request="INVITE"/>
  <send retrans="500"><![CDATA[
    SIP/2.0 302 Moved Temporarily
    [last_Via:]
    [last_From:]
    [last_To:];tag=f[pid]-[call_number]
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:mobile@127.0.0.1:{second}>
    Content-Length: 0

  ]]></send>
  <recv request="ACK"/>
</scenario>
"""
            sipp(world, "forwarding", phone, "-p", first)
            clients.wait_for("the phone", lambda: clients.is_bound(first))
            world.phone(second)
            clients.finished(world.callers("8000", 1), "the caller")
            world.wait_for_events("EventReleased", 1)
            story = [event["event"] for event in world.events(dn="7002") if "ConnID" in event]
            clients.expect(
                story == ["EventRinging", "EventEstablished", "EventReleased"],
                f"the events at the phone are {story}")
            clients.expect("INVITE sip:mobile@" in (world.folder / f"phone-{second}.msg")
                           .read_text(), "the second phone was called by another name")

    def direct():
        """A call to an extension rings there, and is busy while its agent talks."""
        with clients.World(same=True) as world:
            port = clients.free_port()
            world.serve(clients.site(
                clients.fixed("7002", port), clients.auto("1002", "7002")))
            world.phone(port)
            first = world.callers("7002", 1, hold=1500, name="first")
            world.wait_for_events("EventEstablished", 1, "7002")
            answer = clients.send_invite(world.port, "7002")
            clients.expect(answer.startswith("SIP/2.0 486"), f"the second caller got {answer}")
            clients.finished(first, "the first caller")
            world.wait_for_events("EventReleased", 1, "7002")
            story = [event["event"] for event in world.events(dn="7002") if "ConnID" in event]
            clients.expect(
                story[:2] == ["EventRinging", "EventEstablished"]
                and story[-1] == "EventReleased", f"the events at the phone are {story}")

    return [hold, sent_on, direct]
