"""Transfers: a sipp phone sends its caller on by REFER."""


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
    base.wait_for("the sender", lambda: not base.udp_port_is_free(port))
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

    return [transfer_to_phone, transfer_to_point]
