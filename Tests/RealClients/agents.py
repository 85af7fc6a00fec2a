"""SIP callers and phones in one thread, over UDP, that stay alive while the server dies.

They do what RFC 3261 asks of them (retransmissions, ACK, CANCEL, BYE, re-INVITE) and nothing else:
for them an outage is a longer wait. What happens is written down in `Traffic.log`, in order: one
thread sends and reads everything, so that the order means something.
"""

import collections
import heapq
import random
import re
import selectors
import socket
import threading
import time

T1, T2 = 0.5, 4.0
FIELD = re.compile(rb"^(Via|From|To|Call-ID|CSeq|Contact): *(.*?)\r$", re.M)
TAG = re.compile(rb";tag=([^;>\s]+)")
USER = re.compile(rb"sips?:([^@;>]*)@")
URI = re.compile(rb"<([^>]*)>")
BRANCH = re.compile(rb"branch=([^;,\s]+)")
SDP = (b"v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       b"m=audio 9 RTP/AVP 0\r\n")


class Message:
    """What is needed of a message; headers stand as the server and these clients write them."""

    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.start, _, rest = head.partition(b"\r\n")
        self.vias, self.fields = [], {}
        for name, value in FIELD.findall(rest + b"\r\n"):
            if name == b"Via":
                self.vias.append(value)
            else:
                self.fields[name] = value
        self.status = int(self.start[8:11]) if self.start.startswith(b"SIP/2.0 ") else 0
        number, _, method = self.fields[b"CSeq"].partition(b" ")
        self.sequence, self.method = int(number), method.decode()
        self.call_id = self.fields[b"Call-ID"]

    def tag(self, name):
        found = TAG.search(self.fields[name])
        return found.group(1) if found else b""

    def contact(self):
        return URI.search(self.fields[b"Contact"]).group(1)


class Party:
    """One side of a dialog; what it has sent and awaits an answer to is sent again."""

    def __init__(self, traffic, sock, number):
        self.traffic, self.sock, self.number = traffic, sock, number
        self.sequence = 0
        self.pending = {}
        self.is_over = False

    def repeat(self, key, data, interval=T1, deadline=None):
        """Sends now and again until `settle(key)`, or for 64 T1."""
        now = time.monotonic()
        deadline = deadline or now + 64 * T1
        if now >= deadline:
            self.pending.pop(key, None)
            return self.gave_up(key)
        self.traffic.send(self.sock, data)
        if key in self.pending or interval == T1:
            timer = self.traffic.at(
                now + interval, lambda: self.repeat(key, data, min(2 * interval, T2), deadline))
            self.pending[key] = timer
        return None

    def settle(self, key):
        timer = self.pending.pop(key, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def gave_up(self, key):
        """Nobody answered for 64 T1."""
        self.traffic.count["gave up: " + key.split()[0]] += 1
        self.over()

    def name(self):
        """The caller's number, by which the log knows the call."""
        return getattr(self, "caller", self.number)

    def over(self):
        self.is_over = True
        for key in list(self.pending):
            self.settle(key)
        self.traffic.forget(self)

    def request(self, method, body=b"", sequence=None, branch=None):
        branch = branch or b"z9hG4bK%s-%s-%d" % (
            self.call_id.replace(b"@", b"-"), method.encode(), self.sequence)
        port = self.sock.getsockname()[1]
        lines = [
            b"%s %s SIP/2.0" % (method.encode(), self.target),
            b"Via: SIP/2.0/UDP 127.0.0.1:%d;branch=%s" % (port, branch),
            b"Max-Forwards: 70", b"From: " + self.local, b"To: " + self.remote,
            b"Call-ID: " + self.call_id,
            b"CSeq: %d %s" % (sequence or self.sequence, method.encode()),
            b"Contact: <sip:%s@127.0.0.1:%d>" % (self.number.encode(), port)]
        if body:
            lines.append(b"Content-Type: application/sdp")
        lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def hang_up(self):
        if self.is_over or "BYE" in self.pending:
            return
        self.sequence += 1
        self.left()
        self.repeat("BYE", self.request("BYE"))

    def left(self):
        """We hang up, or the other side has."""

    def reply(self, message, status, tag=b"", body=b""):
        to = message.fields[b"To"]
        if tag and b";tag=" not in to:
            to += b";tag=" + tag
        lines = [b"SIP/2.0 %d X" % status] + [b"Via: " + via for via in message.vias]
        lines += [b"From: " + message.fields[b"From"], b"To: " + to,
                  b"Call-ID: " + self.call_id, b"CSeq: " + message.fields[b"CSeq"]]
        if 100 < status < 300:
            port = self.sock.getsockname()[1]
            lines.append(b"Contact: <sip:%s@127.0.0.1:%d>" % (self.number.encode(), port))
        if body:
            lines.append(b"Content-Type: application/sdp")
        lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Caller(Party):
    """Calls, waits (for ever, or until his patience ends), talks, hangs up or is hung up on."""

    def __init__(self, traffic, number, dn, plan):
        super().__init__(traffic, traffic.callers, number)
        self.dn, self.plan = dn, plan
        self.call_id = b"c%s-%d" % (number.encode(), traffic.callers.getsockname()[1])
        self.local = b"<sip:%s@127.0.0.1>;tag=f%s" % (number.encode(), number.encode())
        self.remote = b"<sip:%s@127.0.0.1>" % dn.encode()
        self.target = b"sip:%s@127.0.0.1:%d" % (dn.encode(), traffic.server)
        self.sequence = 1
        self.outcome = None
        self.tags = set()
        self.told = 0
        self.was_taken = False
        self.ack = None
        self.began = time.monotonic()
        self.invite_sequence = 1
        self.invite = self.request("INVITE", SDP)
        self.branch = BRANCH.search(self.invite).group(1)
        traffic.note("start", number, dn)
        self.repeat("INVITE", self.invite)
        if plan["patience"]:
            traffic.at(self.began + plan["patience"], self.give_up)

    def over(self):
        self.traffic.active -= not self.is_over
        super().over()

    def give_up(self):
        if self.is_over or self.outcome:
            return
        self.traffic.note("gone", self.number)
        self.traffic.gone.add(self.number)
        if not self.told:
            # Nobody has heard of the call: there is nothing to cancel yet.
            self.traffic.at(time.monotonic() + 0.2, self.give_up)
            return
        data = self.request("CANCEL", sequence=self.invite_sequence, branch=self.branch)
        self.repeat("CANCEL", data)

    def receive(self, message):
        if message.status:
            return self.response(message)
        if message.method == "BYE":
            self.traffic.send(self.sock, self.reply(message, 200))
            if not self.is_over:
                self.left()
                self.over()
        elif message.method == "OPTIONS":
            self.traffic.send(self.sock, self.reply(message, 200))
        return None

    def response(self, message):
        if message.method == "CANCEL":
            return self.settle("CANCEL")
        if message.method == "BYE":
            if message.status >= 200 and self.settle("BYE"):
                if message.status != 200:
                    self.traffic.count[f"BYE answered with {message.status}"] += 1
                self.over()
            return None
        if message.sequence != 1:
            return self.renegotiated(message)
        self.settle("INVITE")
        self.told = max(self.told, message.status)
        if 100 < message.status < 300:
            self.tags.add(message.tag(b"To"))
        if message.status < 200:
            self.was_taken = True
            return None
        if message.status < 300:
            return self.answered(message)
        ack = self.request("ACK", sequence=1, branch=self.branch).replace(
            b"To: " + self.remote, b"To: " + message.fields[b"To"])
        self.traffic.send(self.sock, ack)
        if not self.outcome:
            self.outcome = str(message.status)
            self.traffic.finished(self)
            self.over()
        return None

    def answered(self, message):
        if self.ack is None:
            self.remote, self.target = message.fields[b"To"], message.contact()
            self.ack = self.request("ACK", sequence=1, branch=b"z9hG4bKa" + self.call_id)
            if not self.is_over:
                self.settle("CANCEL")
                self.outcome = "answered"
                self.traffic.finished(self)
                self.traffic.note("answered", self.number)
                self.talk()
        self.traffic.send(self.sock, self.ack)

    def talk(self):
        now = time.monotonic()
        if self.plan["patience"] and now > self.began + self.plan["patience"]:
            return self.hang_up()
        if self.plan["reinvites"]:
            self.traffic.at(now + self.plan["talk"] / 2, self.renegotiate)
        if self.plan["hangs_up"]:
            self.traffic.at(now + self.plan["talk"], self.hang_up)
        return None

    def renegotiate(self):
        if self.is_over or "BYE" in self.pending:
            return
        self.sequence += 1
        self.repeat("re-INVITE", self.request("INVITE", SDP))

    def renegotiated(self, message):
        self.settle("re-INVITE")
        if message.status < 200:
            return
        self.traffic.count[f"re-INVITE answered with {message.status}"] += 1
        branch = b"z9hG4bK%s-INVITE-%d" % (self.call_id, message.sequence)
        ack = self.request("ACK", sequence=message.sequence,
                           branch=branch if message.status >= 300 else branch + b"a")
        self.traffic.send(self.sock, ack)


class Phone(Party):
    """Rings a moment and answers; some do not, and some are busy."""

    def __init__(self, traffic, message, plan):
        dn = USER.search(message.start).group(1).decode()
        super().__init__(traffic, traffic.phones, dn)
        self.call_id = message.call_id
        self.caller = USER.search(message.fields[b"From"]).group(1).decode()
        self.tag = b"p" + message.call_id[:12]
        self.invite, self.plan = message, plan
        self.local = message.fields[b"To"] + b";tag=" + self.tag
        self.remote = message.fields[b"From"]
        self.target = message.contact()
        self.last = b""
        self.is_answered = False
        self.acks = set()
        self.replies = {}
        traffic.offered(self)
        self.say(self.reply(message, 100))
        if plan["busy"]:
            return self.refuse(486)
        traffic.at(time.monotonic() + plan["ring"] / 4, self.ring)
        if not plan["deaf"]:
            traffic.at(time.monotonic() + plan["ring"], self.answer)

    def say(self, data):
        self.last = data
        self.traffic.send(self.sock, data)

    def ring(self):
        if not self.is_over and not self.is_answered:
            self.say(self.reply(self.invite, 180, self.tag))

    def answer(self):
        if self.is_over or self.is_answered or self.pending:
            return
        self.is_answered = True
        self.last = self.reply(self.invite, 200, self.tag, SDP)
        self.repeat("200 1", self.last)

    def refuse(self, status):
        self.traffic.freed(self)
        self.last = self.reply(self.invite, status, self.tag)
        self.repeat(f"{status}", self.last)

    def left(self):
        self.traffic.freed(self)

    def over(self):
        self.traffic.freed(self)
        super().over()

    def receive(self, message):
        if message.status:
            if message.method == "BYE" and message.status >= 200 and self.settle("BYE"):
                if message.status != 200:
                    self.traffic.count[f"BYE answered with {message.status}"] += 1
                self.over()
            return
        branch = BRANCH.search(message.vias[0]).group(1)
        if message.method == "ACK":
            if self.settle(f"200 {message.sequence}") and message.sequence == 1:
                # Not before the ACK (RFC 3261 15).
                if not self.plan["caller_hangs_up"](self.caller):
                    self.traffic.at(time.monotonic() + self.plan["talk"], self.hang_up)
            if self.settle("486") or self.settle("487"):
                self.over()
        elif message.method == "INVITE" and message.sequence == self.invite.sequence:
            if self.last:
                self.traffic.send(self.sock, self.last)
        elif message.method + branch.decode() in self.replies:
            self.traffic.send(self.sock, self.replies[message.method + branch.decode()])
        else:
            self.serve(message, branch)

    def serve(self, message, branch):
        if message.method == "INVITE":
            data = self.reply(message, 200, self.tag, SDP)
            self.repeat(f"200 {message.sequence}", data)
        else:
            data = self.reply(message, 200, self.tag)
            self.traffic.send(self.sock, data)
        self.replies[message.method + branch.decode()] = data
        if message.method == "CANCEL" and not self.is_answered and not self.pending:
            self.traffic.note("back", self.caller, self.number)
            self.refuse(487)
        elif message.method == "BYE":
            self.traffic.freed(self)
            self.over()


class Timer:
    def __init__(self, work):
        self.work = work

    def cancel(self):
        self.work = None


class Traffic(threading.Thread):
    """All callers and phones of one server."""

    def __init__(self, server, make_call, make_phone, seed):
        super().__init__(daemon=True)
        self.server, self.make_call, self.make_phone = server, make_call, make_phone
        self.rng = random.Random(seed)
        self.callers, self.phones = self.bound(), self.bound()
        self.parties, self.heap, self.order = {}, [], 0
        self.log, self.done = [], []
        self.busy, self.mistakes, self.gone = {}, [], set()
        self.count = collections.Counter()
        self.rate = 0
        self.active, self.active_max = 0, 1500
        self.is_over = False
        self.failure = None

    @staticmethod
    def bound():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        return sock

    def note(self, *entry):
        self.log.append((time.monotonic(), *entry))

    def at(self, when, work):
        timer = Timer(work)
        self.order += 1
        heapq.heappush(self.heap, (when, self.order, timer))
        return timer

    def send(self, sock, data):
        try:
            sock.sendto(data, ("127.0.0.1", self.server))
        except (ConnectionError, BlockingIOError):
            self.count["not sent"] += 1

    def finished(self, caller):
        caller.ended = time.monotonic()
        self.done.append(caller)

    def forget(self, party):
        # Somewhat later: what was on its way must not look like something new.
        self.at(time.monotonic() + 40, lambda: self.parties.pop(party.call_id, None))

    def offered(self, phone):
        self.note("offer", phone.caller, phone.number)
        other = self.busy.get(phone.number)
        # His caller is gone and the CANCEL waits for his own answer (RFC 3261 9.1), or he answered
        # when he had rung for too long: ACK and BYE are on their way.
        is_dead = other and (
            "200 1" in other.pending or other.caller in self.gone and not other.is_answered)
        if other and other is not phone and not is_dead:
            self.mistakes.append(
                f"{phone.number} was offered {phone.caller} while he had {other.caller}: "
                f"{[entry for entry in self.log if phone.number in entry][-6:]} "
                f"{[entry for entry in self.log if other.caller in entry]} "
                f"{list(other.pending)}, answered {other.is_answered}")
        self.busy[phone.number] = phone

    def freed(self, phone):
        if self.busy.get(phone.number) is phone:
            del self.busy[phone.number]

    def alive(self):
        return [party for party in list(self.parties.values()) if not party.is_over]

    def call(self, due):
        rate = self.rate
        if not rate:
            return
        if self.active < self.active_max:
            self.active += 1
            caller = self.make_call(self)
            self.parties[caller.call_id] = caller
        else:
            # A machine with other work on it must not drown in callers.
            self.count["callers held back"] += 1
        following = due + self.rng.expovariate(rate)
        self.at(following, lambda: self.call(following))

    def begin(self, rate):
        """Calls begin to come, so many a second; 0: no more."""
        self.rate = rate
        if rate:
            due = time.monotonic()
            self.at(due, lambda: self.call(due))

    def run(self):
        try:
            self.work()
        except Exception as failure:  # said by whoever waits for the result
            self.failure = failure
            raise

    def work(self):
        selector = selectors.DefaultSelector()
        selector.register(self.callers, selectors.EVENT_READ)
        selector.register(self.phones, selectors.EVENT_READ)
        while not self.is_over:
            now = time.monotonic()
            while self.heap and self.heap[0][0] <= now:
                timer = heapq.heappop(self.heap)[2]
                if timer.work:
                    timer.work()
            wait = max(0, min(self.heap[0][0] - now, 0.05)) if self.heap else 0.05
            for key, _ in selector.select(wait):
                self.read(key.fileobj)
        for sock in (self.callers, self.phones):
            sock.close()

    def read(self, sock):
        for _ in range(64):
            try:
                data = sock.recv(65536)
            except (BlockingIOError, ConnectionError):
                return
            message = Message(data)
            party = self.parties.get(message.call_id)
            if party is None and sock is self.phones and message.method == "INVITE":
                party = Phone(self, message, self.make_phone(self))
                self.parties[party.call_id] = party
            elif party is not None:
                party.receive(message)
            elif not message.status and message.method != "ACK":
                self.count[f"{message.method} out of nowhere"] += 1
