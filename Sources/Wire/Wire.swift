// room: Wire
