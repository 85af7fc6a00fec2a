#!/usr/bin/env python3
"""Makes the fixtures of the importers, all of them invented: the same bytes on every run.

    Tests/Corpus/import/make.py        # writes them beside itself
"""

import pathlib
import random
import struct

HERE = pathlib.Path(__file__).resolve().parent
DAY = 1770019200  # 2026-02-02T08:00:00Z, a Monday


# A day of two queues, as Asterisk's queue_log writes it.


def queue_log():
    """Four hours of 'sales' and 'support' with eight members, ringing one after the other."""
    chance = random.Random(6)
    lines = [(DAY, f"{DAY}|NONE|NONE|NONE|QUEUESTART|")]
    sales = [f"PJSIP/{number}" for number in range(401, 405)]
    support = [f"PJSIP/{number}" for number in range(405, 409)]
    free = {}
    for queue, members in (("sales", sales), ("support", support)):
        for offset, member in enumerate(members):
            at = DAY + 5 + offset
            lines.append((at, f"{at}|MANAGER|{queue}|{member}|ADDMEMBER|"))
            free[member] = at
    for member, start, end in (("PJSIP/402", 5400, 6300), ("PJSIP/406", 7200, 8100)):
        lines.append((DAY + start, f"{DAY + start}|NONE|NONE|{member}|PAUSEALL|lunch"))
        lines.append((DAY + end, f"{DAY + end}|NONE|NONE|{member}|UNPAUSEALL|"))
    pauses = {"PJSIP/402": (5400, 6300), "PJSIP/406": (7200, 8100)}
    at = DAY + 30.0
    waiting = {"sales": [], "support": []}
    number = 0
    while at < DAY + 4 * 3600:
        at += chance.expovariate(1 / 38)
        number += 1
        queue, members = ("sales", sales) if chance.random() < 0.55 else ("support", support)
        now = int(at)
        call = f"{now}.{number}"
        caller = f"4420{7946000 + number * 37 % 9000}"
        place = 1 + sum(1 for end in waiting[queue] if end > now)
        lines.append((now, f"{now}|{call}|{queue}|NONE|ENTERQUEUE||{caller}|{place}"))
        patience = now + int(chance.expovariate(1 / 150)) + 3

        def ready(member):
            begin = max(free[member], now)
            start, end = pauses.get(member, (0, 0))
            if DAY + start <= begin < DAY + end:
                begin = DAY + end
            return begin

        member = min(members, key=lambda m: (ready(m), free[m]))
        start = ready(member)
        if start + 13 < patience and chance.random() < 0.06:
            lines.append((start + 12, f"{start + 12}|{call}|{queue}|{member}|RINGNOANSWER|12000"))
            free[member] = start + 40
            member = min(members, key=lambda m: (ready(m), free[m]))
            start = max(ready(member), start + 13)
        ring = 2 + int(chance.random() * 4)
        answered = start + ring
        if answered > patience:
            end = patience
            if end - now > 240:
                end = now + 240
                lines.append((end, f"{end}|{call}|{queue}|NONE|EXITWITHTIMEOUT|1|{place}|240"))
            else:
                lines.append((end, f"{end}|{call}|{queue}|NONE|ABANDON|1|{place}|{end - now}"))
            waiting[queue].append(end)
            continue
        talk = 20 + int(chance.expovariate(1 / (215 if queue == "sales" else 120)))
        end = answered + talk
        wait = answered - now
        lines.append(
            (answered, f"{answered}|{call}|{queue}|{member}|CONNECT|{wait}|{call}1|{ring}")
        )
        who = "COMPLETECALLER" if chance.random() < 0.6 else "COMPLETEAGENT"
        lines.append((end, f"{end}|{call}|{queue}|{member}|{who}|{wait}|{talk}|{place}"))
        waiting[queue].append(answered)
        free[member] = end + 10
    close = DAY + 5 * 3600
    for queue, members in (("sales", sales), ("support", support)):
        for member in members:
            lines.append((close, f"{close}|MANAGER|{queue}|{member}|REMOVEMEMBER|"))
    lines.sort(key=lambda line: line[0])
    return "\n".join(text for _, text in lines) + "\n"


# SIP Server: the SIP log and the main log with T-Library events.


def sip(first, call, sequence, method, source, target, tag, branch, body=""):
    """A SIP message with CRLF line ends."""
    lines = [
        first,
        f"Via: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bK{branch}",
        f"From: <sip:{source}@10.1.0.1>;tag=from-{call}",
        f"To: <sip:{target}@10.1.0.1>" + (f";tag={tag}" if tag else ""),
        f"Call-ID: {call}@10.1.0.1",
        f"CSeq: {sequence} {method}",
        f"Contact: <sip:{target if first.startswith('SIP') else source}@10.1.0.9:5060>",
    ]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(body.encode())}")
    return "\r\n".join(lines) + "\r\n\r\n" + body


SDP = "v=0\r\no=- 1 1 IN IP4 10.1.0.9\r\ns=-\r\nc=IN IP4 10.1.0.9\r\nt=0 0\r\n\r\nx=after a gap\r\n"


def clock(seconds, digits=3):
    """The time of day of so many seconds after the local midnight."""
    seconds %= 86400
    whole = int(seconds)
    part = f"{seconds - whole:.{digits}f}"[2:]
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{part}"


HEADER = """Application name: SIP_X
Application type: TServer (1)
Command line:     /opt/sip_server -app SIP_X
Host name:        switch-1
DST:              TZ = 0, timeb = 0
Time zone:        -3600, CET, CEST
UTC time:         2026-02-02T22:58:00.000
Local time:       2026-02-02T23:58:00.000
Start time (UTC): 2026-02-02T22:58:00
Running time:     0:00:00:00
Host info:        Linux
File:             (1) /var/log/{name}

2026-02-02T23:58:00.001 Trc 04112 The Log Output of type '{name}' has been created and opened
"""


def sip_server_log():
    """A call before midnight, one after it, a retransmission, a glued line, two time styles."""
    out = [HEADER.replace("{name}", "SIP_X-001")]
    colon = True

    def block(at, text, received):
        nonlocal colon
        size = len(text.encode())
        # Both styles of time occur; the log has line feeds only, and one empty line more.
        time = clock(at) + (":" if colon else "")
        colon = not colon
        way = "SIPTR: Received" if received else "Sending "
        end = "from 10.1.0.9:5060 <<<<<" if received else "to 10.1.0.9:5060 >>>>>"
        out.append(f"{time} {way} [0,UDP] {size} bytes {end}\n" + text.replace("\r\n", "\n") + "\n")

    def call(name, start, uuid):
        invite = sip("INVITE sip:8000@10.1.0.1 SIP/2.0", name, 1, "INVITE", "4420", "8000", "",
                     name, SDP)
        block(start, invite, True)
        out.append(f"{clock(start + .001)}: CID:CUUID>{name}@10.1.0.1:{uuid}:\n")
        block(start + .5, invite, True)
        trying = sip("SIP/2.0 100 Trying", name, 1, "INVITE", "4420", "8000", "", name)
        block(start + .501, trying, False)
        ringing = sip("SIP/2.0 180 Ringing", name, 1, "INVITE", "4420", "8000", "t", name)
        block(start + 1, ringing, False)
        ok = sip("SIP/2.0 200 OK", name, 1, "INVITE", "4420", "8000", "t", name, SDP)
        block(start + 4, ok, False)
        ack = sip("ACK sip:8000@10.1.0.1 SIP/2.0", name, 1, "ACK", "4420", "8000", "t", name + "a")
        block(start + 4.1, ack, True)
        bye = sip("BYE sip:8000@10.1.0.1 SIP/2.0", name, 2, "BYE", "4420", "8000", "t", name + "b")
        block(start + 64, bye, True)
        done = sip("SIP/2.0 200 OK", name, 2, "BYE", "4420", "8000", "t", name + "b")
        block(start + 64.01, done, False)

    midnight = 86400
    call("first", midnight - 90, "00000000000000000000000000000AA1")
    out.append("2026-02-03T00:00:00.000 Trc 04120 Check point 2026-02-03T00:00:00\n")
    call("second", midnight + 30, "00000000000000000000000000000AA2")
    # A body without a line end, to which the next line of the log is glued.
    message = sip("MESSAGE sip:8000@10.1.0.1 SIP/2.0", "note", 1, "MESSAGE", "4420", "8000", "",
                  "n", "Wrong Checksum.")
    size = len(message.encode())
    time = clock(midnight + 200)
    answer = sip("SIP/2.0 200 OK", "note", 1, "MESSAGE", "4420", "8000", "t", "n")
    out.append(f"{time}: SIPTR: Received [0,UDP] {size} bytes from 10.1.0.9:5060 <<<<<\n"
               + message.replace("\r\n", "\n"))
    out.append(f"{time}: Sending  [0,UDP] {len(answer.encode())} bytes to 10.1.0.9:5060 >>>>>\n"
               + answer.replace("\r\n", "\n") + "\n")
    return "".join(out)


def main_log():
    """The T-Library side of the same two calls, and a third that is abandoned."""
    out = [HEADER.replace("{name}", "SIP_X")]
    number = 0

    def event(at, name, attributes, lists=(), way="distribute_event:"):
        nonlocal number
        number += 1
        out.append(f"@{clock(at, 4)} [0] 8.1.104.71 {way} message {name}\n")
        for key, value in attributes:
            out.append(f"\tAttribute{key}\t{value}\n")
        for key, pairs in lists:
            size = 2 + sum(5 + len(k) + len(v) for k, v in pairs)
            out.append(f"\tAttribute{key}\t[{size}] 00 {len(pairs):02x} 00 00..\n")
            for k, v in pairs:
                out.append(f"\t\t'{k}'\t'{v}'\n")
        out.append(f"\tAttributeEventSequenceNumber\t{number:016x}\n")

    def agent(at, name, who, dn, more=(), lists=()):
        event(at, name, [("AgentID", f"'{who}'"), ("ThisDN", f"'{dn}'"), *more], lists)

    def common(conn, uuid, dn, role):
        return [("ConnID", conn), ("CallUUID", f"'{uuid}'"), ("CallType", "2"),
                ("ANI", "'4420'"), ("DNIS", "'8000'"), ("ThisDN", f"'{dn}'"),
                ("ThisDNRole", str(role)), ("ThisQueue", "'8000'")]

    midnight = 86400
    for who, dn in (("1001", "7001"), ("1002", "7002")):
        agent(midnight - 110, "EventAgentLogin", who, dn)
        agent(midnight - 109, "EventAgentReady", who, dn, [("AgentWorkMode", "4")])
    out.append(f"@{clock(midnight - 100, 4)} [BSYNC] Trace: Send to backup (SIP_X_B) [20]:\n"
               "message RequestSetCallInfo\n\tAttributeConnID\t0000000000000aa1\n")
    out.append("2026-02-02T23:58:20.000 Trc 04541 RequestQueryCall received from [66] "
               "(00000e85 desktop 10.1.0.7:49280)\nmessage RequestQueryCall\n"
               "\tAttributeThisDN\t'7001'\n")

    def call(start, conn, uuid, dn, refusing=None):
        data = [("UserData", [("language", "english"), ("tier", "gold")])]
        event(start, "EventQueued", common(conn, uuid, "8000", 2), data)
        event(start, "EventRouteRequest", common(conn, uuid, "8000", 2), data)
        if refusing:
            event(start + .5, "EventRinging", common(conn, uuid, refusing, 2))
            event(start + .8, "EventReleased",
                  common(conn, uuid, refusing, 2) + [("CallState", "7")])
        event(start + 1, "EventDiverted", common(conn, uuid, "8000", 2))
        event(start + 1, "EventRinging", common(conn, uuid, dn, 2), data)
        event(start + 1, "EventRinging", common(conn, uuid, dn, 2), data, "send_to_client:")
        event(start + 4, "EventEstablished", common(conn, uuid, dn, 2), data)
        event(start + 64, "EventReleased", common(conn, uuid, dn, 2),
              [("Extensions", [("ReleasingParty", "2 Remote")])])

    call(midnight - 90, "0000000000000aa1", "00000000000000000000000000000AA1", "7001")
    agent(midnight - 25, "EventAgentNotReady", "1001", "7001", [("AgentWorkMode", "3")])
    agent(midnight - 5, "EventAgentReady", "1001", "7001")
    call(midnight + 30, "0000000000000aa2", "00000000000000000000000000000AA2", "7002", "7001")
    agent(midnight + 50, "EventAgentNotReady", "1001", "7001", [("AgentWorkMode", "0")],
          [("Reasons", [("ReasonCode", "lunch")])])
    queued = common("0000000000000aa3", "00000000000000000000000000000AA3", "8000", 2)
    event(midnight + 60, "EventQueued", queued)
    event(midnight + 75, "EventAbandoned", queued)
    for who, dn in (("1001", "7001"), ("1002", "7002")):
        agent(midnight + 300, "EventAgentLogout", who, dn)
    return "".join(out)


# Captures.


def checksum_free(payload, source=b"\x0a\x01\x00\x09", target=b"\x0a\x01\x00\x01", kind=17,
                  number=1, fragment=0):
    """An IPv4 packet."""
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number, fragment, 64, kind, 0,
                       source, target) + payload


def udp(payload, source=5060, target=5060):
    return struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def tcp(payload, sequence, flags=0x18, source=40000, target=5060):
    return struct.pack(">HHIIBBHHH", source, target, sequence, 0, 0x50, flags, 65535, 0,
                       0) + payload


def ethernet(packet, kind=0x0800, tags=()):
    frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2"
    for tag in tags:
        frame += struct.pack(">HH", *tag)
    return frame + struct.pack(">H", kind) + packet


def dialog(name):
    """The messages of a call with the seconds at which they are seen."""
    invite = sip("INVITE sip:8000@10.1.0.1 SIP/2.0", name, 1, "INVITE", "4420", "8000", "", name,
                 SDP)
    return [
        (0.0, True, invite),
        (1.0, False, sip("SIP/2.0 180 Ringing", name, 1, "INVITE", "4420", "7001", "t", name)),
        (3.0, False, sip("SIP/2.0 200 OK", name, 1, "INVITE", "4420", "7001", "t", name, SDP)),
        (3.1, True, sip("ACK sip:7001@10.1.0.1 SIP/2.0", name, 1, "ACK", "4420", "7001", "t",
                        name + "a")),
        (9.0, True, sip("BYE sip:7001@10.1.0.1 SIP/2.0", name, 2, "BYE", "4420", "7001", "t",
                        name + "b")),
    ]


HERE_IP, THERE_IP = b"\x0a\x01\x00\x09", b"\x0a\x01\x00\x01"


def directed(payload, out, kind=17, **options):
    ends = (HERE_IP, THERE_IP) if out else (THERE_IP, HERE_IP)
    return checksum_free(payload, *ends, kind=kind, **options)


def wraps():
    """Ways of carrying a UDP packet, by name."""
    def v6(payload, out):
        a, b = b"\xfe\x80" + b"\0" * 13 + b"\1", b"\xfe\x80" + b"\0" * 13 + b"\2"
        ends = (a, b) if out else (b, a)
        return struct.pack(">IHBB16s16s", 0x60000000, len(payload), 17, 64, *ends) + payload

    def plain(payload, out):
        return directed(payload, out)

    def gtp(payload, out):
        inner = directed(payload, out)
        return directed(udp(struct.pack(">BBHI", 0x30, 0xFF, len(inner), 7) + inner, 2152, 2152),
                        out)

    def gre(payload, out):
        return directed(struct.pack(">HH", 0, 0x0800) + directed(payload, out), out, kind=47)

    def vxlan(payload, out):
        inner = ethernet(directed(payload, out))
        return directed(udp(b"\x08\0\0\0\0\0\x01\0" + inner, 50000, 4789), out)

    return {
        "plain": lambda p, o: ethernet(plain(p, o)),
        "vlan": lambda p, o: ethernet(plain(p, o), tags=[(0x8100, 5)]),
        "qinq": lambda p, o: ethernet(plain(p, o), tags=[(0x88A8, 7), (0x8100, 5)]),
        "ipv6": lambda p, o: ethernet(v6(p, o), 0x86DD),
        "ipip": lambda p, o: ethernet(directed(plain(p, o), o, kind=4)),
        "gtp": lambda p, o: ethernet(gtp(p, o)),
        "gre": lambda p, o: ethernet(gre(p, o)),
        "vxlan": lambda p, o: ethernet(vxlan(p, o)),
        "mpls": lambda p, o: ethernet(b"\0\x01\x01\x40" + plain(p, o), 0x8847),
        "pppoe": lambda p, o: ethernet(b"\x11\0\0\x01\0\0\0\x21" + plain(p, o), 0x8864),
    }


def capture(packets, link=1):
    """A pcap file of (seconds, frame)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    for at, frame in sorted(packets, key=lambda packet: packet[0]):
        out += struct.pack("<IIII", int(at), round(at % 1 * 1e6), len(frame), len(frame)) + frame
    return out


def capture_next(packets):
    """A pcapng file of (seconds, frame)."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", 1, 0, 262144))
    for at, frame in packets:
        ticks = round(at * 1e6)
        out += block(6, struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame),
                                    len(frame)) + frame)
    return out


def tunnels():
    """One call through every way of carrying it, each 20 seconds after the one before."""
    packets = []
    for place, (name, wrap) in enumerate(wraps().items()):
        for offset, out, text in dialog(name):
            packets.append((DAY + 20 * place + offset, wrap(udp(text.encode()), out)))
    # The same packet again outside of its tunnel, and one sent twice.
    offset, out, text = dialog("gtp")[0]
    packets.append((DAY + 100.01, ethernet(directed(udp(text.encode()), out))))
    offset, out, text = dialog("plain")[0]
    packets.append((DAY + .5, ethernet(directed(udp(text.encode()), out))))
    return capture(packets)


def streams():
    """TCP with segments out of order, twice and overlapping; IP fragments; SCTP; an abandon."""
    packets = []
    texts = dialog("tcp")
    # The same seconds as over UDP, cut into pieces of 100 bytes.
    numbers = {True: 1000, False: 5000}
    for out in (True, False):
        segment = tcp(b"", numbers[out] - 1, 0x02, *((40000, 5060) if out else (5060, 40000)))
        packets.append((DAY - 1, ethernet(directed(segment, out, kind=6))))
    for offset, out, text in texts:
        data = text.encode()
        pieces = []
        for start in range(0, len(data), 100):
            ports = (40000, 5060) if out else (5060, 40000)
            payload = data[start:start + 130]
            pieces.append(ethernet(directed(
                tcp(payload, numbers[out] + start, 0x18, *ports), out, kind=6)))
        numbers[out] += len(data)
        pieces[1:3] = reversed(pieces[1:3])
        pieces.append(pieces[0])
        for index, piece in enumerate(pieces):
            packets.append((DAY + offset + index / 1e5, piece))
    for offset, out, text in dialog("fragments"):
        whole = udp(text.encode())
        cuts = list(range(0, len(whole), 160))
        number = 100 + int(offset * 10)
        for index, start in enumerate(reversed(cuts)):
            more = 0x2000 if start + 160 < len(whole) else 0
            packets.append((DAY + 20 + offset + index / 1e5, ethernet(directed(
                whole[start:start + 160], out, number=number, fragment=more | start // 8))))
    for offset, out, text in dialog("sctp"):
        data = text.encode()
        half = len(data) // 2
        for index, (part, flags) in enumerate(((data[:half], 2), (data[half:], 1))):
            chunk = struct.pack(">BBHIHHI", 0, flags, 16 + len(part), index, 1, 1, 0) + part
            chunk += b"\0" * (-len(part) % 4)
            packets.append((DAY + 40 + offset + index / 1e5, ethernet(directed(
                struct.pack(">HHII", 5060, 5060, 1, 0) + chunk, out, kind=132))))
    gone = sip("INVITE sip:8000@10.1.0.1 SIP/2.0", "gone", 1, "INVITE", "4420", "8000", "", "gone")
    cancel = sip("CANCEL sip:8000@10.1.0.1 SIP/2.0", "gone", 1, "CANCEL", "4420", "8000", "",
                 "gone")
    ended = sip("SIP/2.0 487 Request Terminated", "gone", 1, "INVITE", "4420", "8000", "t", "gone")
    for offset, out, text in ((0, True, gone), (6, True, cancel), (6.1, False, ended)):
        packets.append((DAY + 60 + offset, ethernet(directed(udp(text.encode()), out))))
    return capture(packets)


def links():
    """The same call in files of other kinds of links."""
    result = {}
    for name, link, head in (
        ("sll", 113, b"\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0"),
        ("sll2", 276, b"\x08\0\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0"),
        ("raw", 101, b""),
        ("null", 0, b"\2\0\0\0"),
    ):
        packets = [(DAY + offset, head + directed(udp(text.encode()), out))
                   for offset, out, text in dialog(name)]
        result[f"{name}.pcap"] = capture(packets, link)
    packets = [(DAY + offset, ethernet(directed(udp(text.encode()), out)))
               for offset, out, text in dialog("next")]
    result["next.pcapng"] = capture_next(packets)
    return result


# Tables.


def fifo_table():
    """Two agents, one queue, half hours: a table with a date of its own and a 12-hour clock."""
    chance = random.Random(7)
    rows = ["id,date,started,answered,ended,wait,talk"]

    def text(seconds):
        hour = seconds // 3600
        half = "AM" if hour < 12 else "PM"
        return f"{(hour + 11) % 12 + 1}:{seconds // 60 % 60:02}:{seconds % 60:02} {half}"

    number = 0
    for day in ("2026-02-02", "2026-02-03"):
        at, free = 11 * 3600, [0, 0]
        while at < 13 * 3600:
            at += int(chance.expovariate(1 / 100))
            number += 1
            start = max(at, min(free))
            talk = 30 + int(chance.expovariate(1 / 150))
            free[free.index(min(free))] = start + talk
            rows.append(f"{number},{day},{text(at)},{text(start)},{text(start + talk)},"
                        f"{start - at},{talk}")
    return "\n".join(rows) + "\n"


def write(name, content):
    path = HERE / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def main():
    write("queue_log", queue_log())
    write("SIP_X-001.log", sip_server_log())
    write("SIP_X.log", main_log())
    write("tunnels.pcap", tunnels())
    write("streams.pcap", streams())
    for name, content in links().items():
        write(name, content)
    write("fifo.csv", fifo_table())


if __name__ == "__main__":
    main()
