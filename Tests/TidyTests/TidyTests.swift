// room: TidyTests
