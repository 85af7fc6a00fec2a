// room: WireTests
