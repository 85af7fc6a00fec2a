internal import Engine

/// A bug that can be planted in the engine, to see whether the world finds it.
public enum WorldFault: String, Sendable, Hashable, CaseIterable {
  /// Once in a thousand times an agent gets the last of a queue instead of the first.
  case takesFromBack = "takes_from_back"
  /// A caller who hangs up while a phone is about to ring leaves its agent reserved.
  case forgetsReservation = "forgets_reservation"
}

extension World {
  /// Plants a bug.
  public mutating func plant(_ fault: WorldFault?) {
    switch fault {
    case .takesFromBack: shard.plant(.takesFromBack(perMille: 1))
    case .forgetsReservation: shard.plant(.forgetsReservation)
    case nil: shard.plant(nil)
    }
  }
}
