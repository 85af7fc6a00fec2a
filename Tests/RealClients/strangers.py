"""Checks of `run.py` with stacks that are nobody's phone: Net::SIP of Perl."""

import subprocess

PHONES = '["7001"] = { password = "demo" }, ["7002"] = { password = "demo" },'
POINTS = '["8000"] = { strategy = "any", timeout = 20, default = { "reject:480" } },'


class Phone:
    """A phone of Net::SIP, which does what it is told and prints what it sees."""

    def __init__(self, run, world, dn):
        self.run, self.world, self.name = run, world, f"perl-{dn}"
        self.seen = 0
        self.process = world.spawn(
            self.name, "perl", run.HERE / "phone.pl", dn, run.free_port(),
            f"127.0.0.1:{world.port}", stdin=subprocess.PIPE)
        self.sees("ready")

    def do(self, order):
        self.process.stdin.write(f"{order}\n".encode())
        self.process.stdin.flush()

    def sees(self, wanted):
        """Waits for a line that begins like this, after those that were waited for before."""
        def found():
            lines = self.world.log(self.name).splitlines()
            for index, line in enumerate(lines[self.seen:], self.seen):
                if line.startswith(wanted):
                    self.seen = index + 1
                    return True
            return False
        self.run.wait_for(f"{wanted!r} at {self.name}", found)


def checks(run):
    """The checks, which `run.py` runs by name."""

    def perl_phones():
        """Two phones of Net::SIP: digest, bridged, changed, taken back and refused."""
        with run.World() as world:
            world.strategy("any", run.ANY)
            world.serve(run.site(PHONES, run.auto("1001", "7001"), points=POINTS)
                        .replace('"127.0.0.0/8"', ""))
            phone, caller = Phone(run, world, "7001"), Phone(run, world, "7002")
            for one in (phone, caller):
                one.do("register 60")
                one.sees("registered OK")
            world.wait_for_events("EventAgentReady", 1, "7001")
            for ends, other in ((caller, phone), (phone, caller)):
                caller.do("call 8000")
                phone.sees("called")
                caller.sees("heard 180")
                phone.do("answer")
                caller.sees("called: OK")
                phone.sees("established")
                for one in (caller, phone):
                    one.do("change")
                    one.sees("changed: OK")
                ends.do("bye")
                ends.sees("ended")
                other.sees("over")
            world.wait_for_events("EventReleased", 2, "7001")
            caller.do("call 8000")
            caller.sees("heard 180")
            caller.do("cancel")
            caller.sees("called: FAIL 487")
            phone.sees("over")
            for code in (486, 603):
                caller.do("call 7001")
                phone.sees("called")
                caller.sees("heard 180")
                phone.do(f"refuse {code}")
                caller.sees(f"called: FAIL {code}")
            phone.do("register 0")
            phone.sees("registered OK")
            world.wait_for_events("EventDNOutOfService", 1, "7001")
            run.expect(not world.cli("calls", "--json").stdout.count("ConnID"), "a call is left")

    return [perl_phones]
