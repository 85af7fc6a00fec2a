// room: LuaBridge
