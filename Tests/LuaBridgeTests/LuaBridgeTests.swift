// room: LuaBridgeTests
