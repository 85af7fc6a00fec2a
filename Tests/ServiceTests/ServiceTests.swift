// room: ServiceTests
