import SparsityCore

/// What `elsa check` found; its names are the fields of the JSON.
struct CheckReport: Encodable {
  /// One of the image sets of a run.
  struct Images: Encodable {
    /// What the run uses it for.
    let role: String
    let path: String
    let images: Int
    let broken: Int
    /// The bytes of the pixels.
    let bytes: Int
  }

  /// What a run needs, as a few evaluations on this machine showed.
  struct Forecast: Encodable {
    /// The hours at a number of slots.
    struct Hours: Encodable {
      let slots: Int
      let hours: Double
    }

    /// Images a second on one slot here; the slowest and the fastest of the timed evaluations.
    let imagesPerSecondPerSlot: Double
    let slowestImagesPerSecond: Double
    let fastestImagesPerSecond: Double
    /// The evaluations that were timed.
    let timedEvaluations: Int
    /// The images that the whole search evaluates, at most.
    let imageEvaluations: Int
    /// The most slots that the search can keep busy, in strict mode.
    let slotsMax: Int?
    let hours: [Hours]
    let numerics: String
  }

  /// The memory and the disk that the run takes.
  struct Memory: Encodable {
    /// What a worker with one slot had at most here, without the images.
    let workerBytes: Int
    /// The pixels of the search images, which the workers of a machine share.
    let searchImageBytes: Int
  }

  var findings: [Finding] = []
  var images: [Images] = []
  var memory: Memory?
  var forecast: Forecast?
  /// The bytes that the packed sets will take in the run directory.
  var packedBytes = 0
}

extension CheckReport {
  /// The report for people.
  var lines: [String] {
    Finding.lines(of: findings) + memoryLines + forecastLines
  }

  private var memoryLines: [String] {
    guard let memory else { return [] }
    let images = NumberFormat.bytes(memory.searchImageBytes)
    var lines = [
      "",
      "memory     \(NumberFormat.bytes(memory.workerBytes)) for a worker with one slot, and "
        + "\(images) of images that the workers of a machine share",
    ]
    if packedBytes > 0 {
      let bytes = NumberFormat.bytes(packedBytes)
      lines.append("disk       \(bytes) of packed images in the run directory")
    }
    return lines
  }

  private var forecastLines: [String] {
    guard let forecast else { return [] }
    var lines = [
      "speed      \(NumberFormat.fixed(forecast.imagesPerSecondPerSlot, 1)) images/s on a slot "
        + "(\(NumberFormat.fixed(forecast.slowestImagesPerSecond, 1)) to "
        + "\(NumberFormat.fixed(forecast.fastestImagesPerSecond, 1)) in "
        + "\(counted(forecast.timedEvaluations, "evaluation")), \(forecast.numerics))",
      "work       \(NumberFormat.grouped(forecast.imageEvaluations)) images at most",
    ]
    if let slotsMax = forecast.slotsMax {
      lines.append("strict     the window keeps at most \(counted(slotsMax, "slot")) busy")
    }
    var table = TextTable([("slots like these", .right), ("time", .right)])
    for entry in forecast.hours {
      table.append(["\(entry.slots)", Self.time(hours: entry.hours)])
    }
    return lines + [""] + table.lines
  }

  /// Returns a time in hours, or in minutes or seconds if it is short.
  private static func time(hours: Double) -> String {
    if hours >= 1 { return "\(NumberFormat.fixed(hours, 1)) h" }
    if hours >= 1.0 / 60 { return "\(NumberFormat.fixed(hours * 60, 0)) min" }
    return "\(NumberFormat.fixed(hours * 3600, 0)) s"
  }
}
