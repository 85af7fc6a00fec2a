"""Checks of `run.py` about several line threads: sipp callers and phones, kill -9 and restart."""


def checks(clients):
    """The checks, with what `run.py` offers them."""

    def line_threads():
        """Two line threads: 120 calls with sipp, 20 of which the server is killed under."""
        with clients.World() as world:
            ports = [clients.free_port() for _ in range(40)]
            phones = [(f"7{index:03}", port) for index, port in enumerate(ports)]
            world.strategy("any", clients.ANY)
            site = clients.site(
                "".join(clients.fixed(dn, port) for dn, port in phones),
                "".join(clients.auto(f"1{dn}", dn) for dn, _ in phones),
                points='["8000"] = { strategy = "any", divert = "bridge", timeout = 20 },',
                sip=", line_threads = 2")
            world.serve(site)
            for dn, port in phones:
                world.phone(port, ring=50, name=f"phone-{dn}")
            callers = [world.callers("8000", 25, hold=300, rate=20, name=f"callers{number}",
                                     ani=f"44{number}") for number in range(4)]
            for caller in callers:
                clients.finished(caller, "the callers")
            held = world.callers("8000", 20, hold=4000, rate=100, name="held", ani="45",
                                 extra=clients.PATIENT)
            world.wait_for_events("EventEstablished", 120)
            world.server.kill()
            world.server.wait()
            world.serve(site)
            clients.finished(held, "the callers who talked when the server was killed")
            released = world.wait_for_events("EventReleased", 120)
            calls = {event["ConnID"] for event in released}
            clients.expect(len(calls) == 120, f"{len(calls)} of 120 calls ended")
            numbers = [event["seq"] for event in world.events()]
            clients.expect(numbers == list(range(1, len(numbers) + 1)), "the sequence has gaps")
            world.server.terminate()
            clients.wait_for("the server's end", lambda: world.server.poll() is not None)
            clients.expect(world.server.returncode == 0, world.log("server"))

    return [line_threads]
