/// Seeds that were red once, and what each has found.
///
/// A seed draws another plan when the drawing of plans changes; then it is one more seed only. The
/// sentence stays true of the day on which it was written.
enum Corpus {
  struct Entry: Sendable {
    let seed: UInt64
    let found: String
  }

  static let seeds: [Entry] =
    [
      Entry(
        seed: 873,
        found: "both leases of a shard were with workers that hang, and no third one got it"),
      Entry(
        seed: 8562,
        found: "two workers that hang passed on for ever a candidate that failed at all others"),
      Entry(
        seed: 6106,
        found: "a candidate whose failures were forgiven was never set aside"),
      Entry(
        seed: 6445,
        found: "the last shards went round among workers that are late with them"),
      Entry(
        seed: 137,
        found: "who had waited for the arithmetic was welcomed though its key was revoked"),
      Entry(
        seed: 2379,
        found: "two workers that hang kept a shard for 34 s: the check was stricter than the rule"),
      Entry(
        seed: 6473,
        found: "the last worker was given a bad candidate for ever, and good ones waited"),
      Entry(
        seed: 4267,
        found: "other costs for a concluded candidate were taken for a disagreement about bits"),
      Entry(
        seed: 4801,
        found: "the check let a sick worker fail less often than the rule does"),
      Entry(
        seed: 6911,
        found: "a worker that leaves was sent again what it had handed back"),
      Entry(
        seed: 1973,
        found: "a session of a revoked key was given what the other one of that key had left"),
    ] + early.map { Entry(seed: $0, found: "red before plans had outages and end times") }

  private static let early: [UInt64] = [
    95, 534, 613, 759, 830, 871, 878, 1405, 2157, 2433, 2518, 2800, 2992, 3342, 3617, 4341, 5745,
  ]
}
