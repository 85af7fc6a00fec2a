/// A field without a value that lets a large struct be passed by its address only.
///
/// For every call of a method that changes nothing the compiler (Swift 6.3) copies to the stack a
/// struct that it could as well hold in registers, all of it: 3 kB of the switch, a dozen times for
/// a bridged call. A struct with an existential in it has no such form and stays where it is.
package struct PassedByAddress: Sendable {
  private let existential: (any Sendable)? = nil

  /// Makes the field's value.
  package init() {}
}
