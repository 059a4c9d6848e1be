import SparsityCore

/// The individual that comes nearest to meeting all constraints, of those that do not.
///
/// It is a function of the set of individuals told, not of their order.
package struct NearestMiss: Hashable, Sendable {
  /// The individual with the least violation, of equal ones the first proposed.
  ///
  /// Its violation is infinite if there are only such that cannot be compared: what was not
  /// measured on all images, and what is measured although it costs too much.
  package private(set) var individual: Individual?

  /// Creates one of no individuals, or of what was found before.
  package init(_ individual: Individual? = nil) { self.individual = individual }

  /// The individual, if it can be compared.
  package var comparable: Individual? { individual.flatMap { $0.violation.isFinite ? $0 : nil } }

  /// Takes an individual; `isWhole` tells whether it was measured on all images.
  package mutating func offer(_ other: Individual, isWhole: Bool = true) {
    guard isWhole else {
      offer(
        Individual(
          id: other.id, genome: other.genome, objectives: other.objectives, violation: .infinity))
      return
    }
    guard !other.isFeasible else { return }
    if let individual, (individual.violation, individual.id) < (other.violation, other.id) {
      return
    }
    individual = other
  }
}

/// What results have said of constraints on what is measured.
struct MeasuredFeasibility: Sendable {
  /// The accuracy of the genome with which an ``AccuracyFloor`` compares others, once measured.
  var referenceAccuracy: Double?
  /// What comes nearest to meeting the constraints, of what does not meet them.
  var nearestMiss = NearestMiss()
}
