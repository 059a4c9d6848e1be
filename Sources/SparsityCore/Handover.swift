import Synchronization

/// A value on its way from one owner to the next.
///
/// Events and effects are copied, and while a copy holds a value with large arrays, each change of
/// it copies them. So what is copied is this reference, and the value itself has one owner at a
/// time: that which takes it.
package final class Handover<Value: Sendable>: Sendable {
  private let value: Mutex<Value?>

  /// Puts a value on its way.
  package init(_ value: consuming Value) { self.value = Mutex(consume value) }

  /// Takes the value.
  ///
  /// - Precondition: nobody has taken it.
  package func take() -> Value {
    let taken = value.withLock { value in
      defer { value = nil }
      return value
    }
    guard let taken else { preconditionFailure("a value was handed over once and is taken twice") }
    return taken
  }
}
