import CSparseKernels
import SparsityCore

/// The pairs in which the kept weights of eight inputs are taken, for one N:M pattern.
///
/// The pairs are the edges of a graph on the eight inputs in which every set of inputs that the
/// pattern may keep has a perfect matching.
package struct Pairing {
  /// The inputs that a pairing speaks of.
  package static let step = Int(CSK_PAIR_STEP)
  /// The units in which the kernel counts from one slot to the next.
  static let unitsPerSlot = UInt16(CSK_PAIR_SLOT_UNITS)

  /// The weights that eight inputs keep, an even number.
  package let kept: Int
  /// The inputs of each pair, the lower one first; the index is the slot.
  package let pairs: [(lower: Int, higher: Int)]
  /// The inputs of a full block.
  let blockInputs: Int
  /// The size of the pattern's groups.
  private let groupSize: Int
  /// The slots of a perfect matching of each set of inputs, empty where none exists.
  private let matchings: [[Int]]

  /// Returns the pairing that serves a pattern, or `nil` if there is none.
  package init?(of pattern: NMPattern) {
    guard let found = unsafe csk_pairing_of(pattern.kept, pattern.groupSize) else { return nil }
    let pairing = unsafe found.pointee
    let pairs = Self.pairs(of: pairing)
    self.kept = pairing.kept
    self.groupSize = pattern.groupSize
    self.blockInputs = unsafe csk_pair_block_inputs(found)
    self.pairs = pairs
    self.matchings = (UInt8.min...UInt8.max).map { mask in
      var slots: [Int] = []
      return Self.match(mask, among: pairs, into: &slots) ? slots.sorted() : []
    }
  }

  /// Returns the slots that cover a set of inputs, each input once, in ascending order.
  ///
  /// - Precondition: the set is one that the pattern may keep.
  package func slots(of mask: UInt8) -> [Int] {
    let slots = matchings[Int(mask)]
    precondition(slots.count * 2 == mask.nonzeroBitCount)
    return slots
  }

  /// Returns the set of inputs with nonzero weights, filled up to what eight inputs keep.
  package func completedMask(of weights: Span<Float>) -> UInt8 {
    var mask: UInt8 = 0
    for index in weights.indices where weights[index] != 0 { mask |= 1 << index }
    let keptOfGroup = kept * groupSize / Self.step
    for group in 0..<Self.step / groupSize {
      let places = group * groupSize..<(group + 1) * groupSize
      var missing = keptOfGroup - places.count { mask & (1 << $0) != 0 }
      precondition(missing >= 0)
      for place in places where missing > 0 && mask & (1 << place) == 0 {
        mask |= 1 << place
        missing -= 1
      }
    }
    return mask
  }

  /// Finds pairs that cover a set of inputs, each input once.
  private static func match(
    _ mask: UInt8, among pairs: [(lower: Int, higher: Int)], into slots: inout [Int]
  ) -> Bool {
    guard mask != 0 else { return true }
    let first = mask.trailingZeroBitCount
    for (slot, pair) in pairs.enumerated() where pair.lower == first || pair.higher == first {
      let both: UInt8 = 1 << pair.lower | 1 << pair.higher
      guard mask & both == both else { continue }
      slots.append(slot)
      if match(mask & ~both, among: pairs, into: &slots) { return true }
      slots.removeLast()
    }
    return false
  }

  /// Returns the pairs of the C form.
  private static func pairs(of pairing: csk_pairing) -> [(lower: Int, higher: Int)] {
    var all = pairing.pairs
    return unsafe withUnsafeBytes(of: &all) { bytes in
      (0..<pairing.slots).map { slot in
        unsafe (lower: Int(bytes[2 * slot]), higher: Int(bytes[2 * slot + 1]))
      }
    }
  }
}
