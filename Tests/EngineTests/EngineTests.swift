// room: EngineTests
