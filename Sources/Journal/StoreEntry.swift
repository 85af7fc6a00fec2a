public import Engine

/// What the shard hands to the store: values, whose text is made on the store's own thread.
public enum StoreEntry: Sendable {
  /// What entered the engine from outside, and when.
  case signal(Signal, at: Instant)
  /// A step of a strategy that the signal before it led to: derived, and a fact all the same.
  case step(Signal, at: Instant)
  /// What the engine announced.
  case event(Event)
  /// Where an extension is reached now, in one of its places.
  case binding(StoredBinding)
  /// An extension is not registered any more; what follows may say where it is instead.
  case unbound(DN)
  /// The sources of a generation that comes into use.
  case sources(StrategyFiles)
  /// The moment at which the image of this number was taken.
  case mark(UInt64)
  /// The image of this number; its mark came before it.
  case image(UInt64, PackedImage)
  /// What the line side needs to go on with a call.
  case dialog(StoredDialog)
  /// The line side needs a row of this number no longer.
  case dialogGone(UInt64)
}

/// Something that the line side must know to go on with a call; only it can read the bytes.
public struct StoredDialog: Sendable, Hashable {
  /// Its number.
  public var id: UInt64
  /// The call that it belongs to; nil: to none any more.
  public var conn: ConnID?
  /// What it is: `call`, `caller`, `target`, `relay`, `final`.
  public var part: String
  /// Where it stands, in one word.
  public var state: String
  /// What changes.
  public var body: [UInt8]
  /// What does not change; nil: as it is in the store.
  public var message: [UInt8]?

  /// Makes a row.
  public init(id: UInt64, part: String, state: String, body: [UInt8]) {
    self.id = id
    self.part = part
    self.state = state
    self.body = body
    conn = nil
    message = nil
  }
}

/// A registration as the store keeps it.
public struct StoredBinding: Sendable, Hashable {
  /// The extension.
  public var dn: DN
  /// The URI of the Contact.
  public var uri: String
  /// The address of a phone behind an address translator.
  public var host: String?
  /// Its port.
  public var port: UInt16
  /// When it ends.
  public var expires: Instant
  /// The Call-ID that registered it.
  public var callID: String
  /// The last CSeq of that Call-ID.
  public var cseq: UInt32
  /// Which of the extension's contacts it is, from 0.
  public var position = 0
  /// How much it is preferred to others, in thousandths.
  public var q: UInt16 = 1000
  /// The device and its flow, when both are known.
  public var instance: String?
  /// The number of the flow.
  public var flow: UInt32 = 0
  /// The proxies on the way to the phone, in order.
  public var path: [String] = []
  /// The phone's own header parameters.
  public var parameters = ""
  /// When it was bound.
  public var since = Instant.zero
  /// The number of the socket of ours that it was made at; 0: there was only one.
  public var socket: UInt64 = 0

  /// Makes a registration.
  public init(_ dn: DN, uri: String, expires: Instant, callID: String, cseq: UInt32) {
    self.dn = dn
    self.uri = uri
    host = nil
    port = 0
    self.expires = expires
    self.callID = callID
    self.cseq = cseq
  }
}

/// The sources of one generation of strategies.
public struct StrategyFiles: Sendable, Hashable {
  /// A file of it.
  public struct File: Sendable, Hashable {
    /// Its path below the folder.
    public var path: String
    /// What stands in it.
    public var bytes: [UInt8]

    /// Makes a file.
    public init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }
  }

  /// Identifies the contents.
  public var fingerprint: String
  /// The folder's name, which messages put before a path.
  public var folder: String
  /// The files, by path.
  public var files: [File]

  /// Makes sources.
  public init(fingerprint: String, folder: String, files: [File]) {
    self.fingerprint = fingerprint
    self.folder = folder
    self.files = files
  }
}
