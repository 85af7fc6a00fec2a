// room: SIPGlue
