// room: ReactorTests
