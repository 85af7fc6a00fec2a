// room: SIPGlueTests
