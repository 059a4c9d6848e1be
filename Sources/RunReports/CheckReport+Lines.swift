import RunPreparation
import SparsityCore
import TextReports

extension CheckReport {
  /// The report for users.
  package var lines: [String] {
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
