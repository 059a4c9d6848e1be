import Foundation

/// The memory that this process may use.
package struct AllowedMemory: Hashable, Sendable {
  /// The bytes.
  package let bytes: UInt64
  /// Whether a control group allows less than the machine has.
  package let isLimited: Bool

  /// Looks at this machine and the control groups of this process.
  package static var current: AllowedMemory {
    AllowedMemory(
      physical: ProcessInfo.processInfo.physicalMemory, limit: ControlGroups().memoryBytes)
  }

  /// Decides from what the system says.
  package init(physical: UInt64, limit: UInt64?) {
    bytes = min(physical, limit ?? physical)
    isLimited = bytes < physical
  }
}
