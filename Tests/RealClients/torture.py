"""Messages that torment a parser, byte for byte over UDP to a running server.

The table of `../shared/data/torture` (RFC 4475), and our own of `Tests/Corpus/sip` (the rest of
RFC 4475, and RFC 5118). Two servers: at one the users of the messages are routing points, at the
other extensions. An INVITE that must be accepted has run its strategy, which answers 486. All of it
is done over IPv4 and over IPv6, with servers of their own: the same message would be a repetition.
"""

import ipaddress
import os
import pathlib
import re
import socket
import time

HERE = pathlib.Path(__file__).resolve().parent
SHARED = HERE.parents[1].parent / "shared/data/torture"
OWN = HERE.parent / "Corpus/sip"
QUIET = 0.4

# What the words of the shared table mean for a user agent server that is also a registrar:
# (statuses, or none for silence; a text that the answer must have; and one that it must not have).
SPECIAL = {
    # Inside a dialog that is not there: To has a tag.
    "wsinv.dat": ({481}, "", ""),
    # Understood, and nobody here has such a name.
    "esc01.dat": ({404}, "", ""),
    "esc02.dat": ({501}, "Allow:", ""),
    "mpart01.dat": ({405}, "Allow:", ""),
    "noreason.dat": (set(), "", ""),
    "badbranch.dat": ({400, 200}, "", ""),
    "invut.dat": ({415}, "Accept: application/sdp", ""),
    "sdp01.dat": ({406, 400}, "Warning: 399", ""),
    "regaut01.dat": ({401}, "WWW-Authenticate: Digest", ""),
    "unksm2.dat": ({400}, "", ""),
    "zeromf.dat": ({200, 483}, "", ""),
    "cparam01.dat": ({200}, "Contact: <sip:+19725552222@gw1.example.net>;", "unknownparam>"),
    "regescrt.dat": ({200}, "?Route=%3Csip:sip.example.com%3E>", ""),
}


def expectation(name, words, first):
    """The answer that a row of the shared table asks for."""
    if name in SPECIAL:
        return SPECIAL[name]
    if words.startswith("discard"):
        return set(), "", ""
    if words.startswith("accept"):
        return ({486} if first.startswith(b"INVITE") else {200}), "", ""
    return {int(words[:3])}, "", ""


class Postman:
    """Sends messages so that the answers come back: to the port of the top Via."""

    def __init__(self, base):
        self.base = base
        # A network of our own: others may run this beside us.
        self.network = f"127.0.{3 + os.getpid() % 200}.0"
        self.host = 2

    def socket(self, own, is_version_6):
        """A socket at this port, and the server's address; ::1 is the only one of its kind."""
        sock = socket.socket(socket.AF_INET6 if is_version_6 else socket.AF_INET,
                             socket.SOCK_DGRAM)
        if not is_version_6:
            self.host += 1
            sock.bind((str(ipaddress.ip_address(self.network) + self.host), own))
            return sock, "127.0.0.1"
        # Others may run this beside us.
        self.base.wait_for(f"port {own} of ::1", lambda: bound(sock, own))
        return sock, "::1"

    def send(self, message, port, patience, is_version_6=False):
        """The answers to a message, the last one final; an empty list is silence."""
        head = message.decode("latin-1")
        via = re.search(r"(?im)^(?:via|v)[ \t]*:\s*SIP\s*/\s*2.0\s*/\s*\S+\s+"
                        r"(?:\[[^\]]*\]|[^\s:;,]+)(?:[ ]*:[ ]*(\d+))?", head)
        own = int(via.group(1)) if via and via.group(1) else 5060
        if re.search(r"(?i)^[^\r\n]*\n?(?:via|v):[^\r\n]*;rport", head):
            own = 5060
        sock, server = self.socket(own, is_version_6)
        with sock:
            sock.sendto(message, (server, port))
            answers = []
            end = time.monotonic() + patience
            while (left := end - time.monotonic()) > 0:
                sock.settimeout(left)
                try:
                    answer = sock.recv(65536).decode("latin-1")
                except TimeoutError:
                    break
                # ::1 is one address for all: an earlier answer may be repeated.
                if call_id(answer) != call_id(head):
                    continue
                answers.append(answer)
                if status(answer) >= 200:
                    break
            if answers and head.startswith("INVITE") and status(answers[-1]) >= 300:
                sock.sendto(acknowledgement(head, answers[-1]), (server, port))
            return answers


def bound(sock, port):
    """Whether the port is ours now."""
    try:
        sock.bind(("::1", port))
        return True
    except OSError:
        return False


def call_id(message):
    """The first Call-ID of a message, or nothing."""
    found = re.search(r"(?im)^(?:call-id|i)[ \t]*:\s*(\S+)", message)
    return found.group(1) if found else ""


def status(answer):
    """The status of an answer, which must be one."""
    return int(answer[8:11]) if answer.startswith("SIP/2.0 ") else 999


def acknowledgement(request, answer):
    """The ACK to a failure, as well as the message allows."""
    lines = [line for line in answer.split("\r\n\r\n")[0].split("\r\n")[1:]
             if re.match(r"(?i)(via|v|from|f|to|t|call-id|i):", line)]
    number = re.search(r"(?im)^cseq\s*:\s*(\d+)", answer)
    uri = request.split()[1]
    return "\r\n".join([f"ACK {uri} SIP/2.0", *lines,
                        f"CSeq: {number.group(1) if number else 1} ACK",
                        "Content-Length: 0", "", ""]).encode("latin-1")


def sites(base, is_version_6):
    """The site of the calls, and that of the registrations."""
    users = ["user", "UserB"]
    points = " ".join(f'["{name}"] = {{ strategy = "refuse" }},' for name in users)
    phones = " ".join(f'["{name}"] = {{}},' for name in ("user", "watson"))
    phones += ' ["j.user"] = { password = "demo" },'
    made = base.site("", "", points=points), base.site(phones, "")
    if is_version_6:
        made = [site.replace("127.0.0.1", "[::1]").replace("127.0.0.0/8", "::1/128")
                for site in made]
    return made


def own(name):
    """One of our messages; a byte that no text has is written as {00}."""
    return re.sub(rb"\{([0-9A-F]{2})\}", lambda found: bytes([int(found[1], 16)]),
                  (OWN / name).read_bytes())


def options(number):
    """A message that every server answers."""
    return (f"OPTIONS sip:user@example.com SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP host.example.org;branch=z9hG4bK-alive-{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: sip:caller@example.org;tag=alive\r\n"
            f"To: sip:user@example.com\r\nCall-ID: alive-{number}\r\n"
            f"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode()


def rows():
    """Every message with what it must get: (set, name, message, server, expectation)."""
    table = SHARED / "EXPECT.shared.tsv"
    if table.exists():
        for line in table.read_text().splitlines()[1:]:
            fields = line.split("\t")
            path = SHARED.parent / fields[0]
            message = path.read_bytes()
            kind = "phones" if message.startswith(b"REGISTER") else "calls"
            yield ("shared", path.name, message, kind,
                   expectation(path.name, fields[5], message))
    for line in (OWN / "EXPECT.tsv").read_text().splitlines()[1:]:
        name, _, kind, words, text, absent = (line.split("\t") + ["", ""])[:6]
        wanted = {int(word) for word in words.split() if word != "-"}
        yield "own", name, own(name), kind, (wanted, text, absent)


def tried(post, worlds, row, is_version_6):
    """Sends a message and prints what it got; what is wrong with that."""
    group, name, message, kind, (wanted, text, absent) = row
    answers = post.send(message, worlds[kind].port, 5 if wanted else QUIET, is_version_6)
    last = answers[-1] if answers else ""
    got = status(last) if last else 0
    fine = (got in wanted if wanted else got == 0) and text in last
    fine = fine and (not absent or absent not in last)
    words = " or ".join(map(str, sorted(wanted))) if wanted else "silence"
    print(f"     {'ok  ' if fine else 'FAIL'} {group:6} {name:34} IPv{6 if is_version_6 else 4} "
          f"wants {words:11} got {last.split(chr(13))[0][8:] or 'silence'}")
    return [] if fine else [f"{name}: {last}"]


def torment(base, is_version_6):
    """Sends every message to servers of their own; what was not as it must be."""
    calls, phones = sites(base, is_version_6)
    post = Postman(base)
    surprises = []
    with base.World() as first, base.World() as second:
        first.strategy("refuse", "return function(call) return reject(486) end\n")
        first.serve(calls)
        second.serve(phones)
        worlds = {"calls": first, "phones": second}
        for row in rows():
            surprises += tried(post, worlds, row, is_version_6)
        others = sorted((SHARED / "extra").glob("*")) if SHARED.exists() else []
        for path in others:
            for world in worlds.values():
                post.send(path.read_bytes(), world.port, 0.05, is_version_6)
        for world in worlds.values():
            base.expect(world.server.poll() is None, "the server ended: " + world.log("server"))
            answers = post.send(options(world.port), world.port, 5, is_version_6)
            base.expect(answers and status(answers[-1]) == 200, "OPTIONS is not answered")
    print(f"     {len(others)} further messages stopped nothing")
    return surprises


def run(base):
    """Sends every message, prints the table, and fails on the first surprise at the end."""
    if not SHARED.exists():
        print("     ../shared/data/torture is not here: its messages are skipped")
    surprises = torment(base, False) + torment(base, True)
    base.expect(not surprises, "\n".join(surprises))
