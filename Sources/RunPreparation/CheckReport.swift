import TextReports

/// What `elsa check` found; its names are the fields of the JSON.
package struct CheckReport: Encodable {
  /// One of the image sets of a run.
  package struct Images: Encodable {
    /// What the run uses it for.
    package let role: String
    package let path: String
    package let images: Int
    package let broken: Int
    /// The bytes of the pixels.
    package let bytes: Int
  }

  /// What a run needs, as a few evaluations on this machine showed.
  package struct Forecast: Encodable {
    /// The hours at a number of slots.
    package struct Hours: Encodable {
      package let slots: Int
      package let hours: Double
    }

    /// Images a second on one slot here; the slowest and the fastest of the timed evaluations.
    package let imagesPerSecondPerSlot: Double
    package let slowestImagesPerSecond: Double
    package let fastestImagesPerSecond: Double
    /// The evaluations that were timed.
    package let timedEvaluations: Int
    /// The images that the whole search evaluates, at most.
    package let imageEvaluations: Int
    /// The most slots that the search can keep busy, in strict mode.
    package let slotsMax: Int?
    package let hours: [Hours]
    package let numerics: String
  }

  /// The memory and the disk that the run takes.
  package struct Memory: Encodable {
    /// What a worker with one slot had at most here, without the images.
    package let workerBytes: Int
    /// The pixels of the search images, which the workers of a machine share.
    package let searchImageBytes: Int
  }

  package var findings: [Finding] = []
  package var images: [Images] = []
  package var memory: Memory?
  package var forecast: Forecast?
  /// The bytes that the packed sets will take in the run directory.
  package var packedBytes = 0
}
