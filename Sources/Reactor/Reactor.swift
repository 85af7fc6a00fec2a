// room: Reactor
