/// Changes of PNG files that keep their checksums right, so that what is behind these is reached.
enum PNGChunks {
  /// The CRC-32 of some bytes, most significant byte first.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var register = UInt32.max
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ 0xEDB8_8320 : register >> 1 }
    }
    return bigEndian(Int(~register))
  }

  /// Writes another size into the header.
  static func setSize(of file: inout [UInt8], width: Int, height: Int) {
    file.replaceSubrange(16..<24, with: bigEndian(width) + bigEndian(height))
    repairChecksums(of: &file)
  }

  /// Makes the checksum of every chunk right, as far as chunks can be followed.
  static func repairChecksums(of file: inout [UInt8]) {
    var position = 8
    while position + 12 <= file.count {
      let size = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      guard size <= file.count - position - 12 else { return }
      let end = position + 8 + size
      file.replaceSubrange(end..<end + 4, with: checksum(file[position + 4..<end]))
      position = end + 4
    }
  }

  /// Returns a file of whole chunks with random rows: mostly of a header that may be, and mostly
  /// with as many rows as it says.
  static func randomFile(_ mutator: inout ByteMutator) -> [UInt8] {
    let (width, height) = (1 + mutator.number(below: 20), 1 + mutator.number(below: 20))
    let kinds: [(type: UInt8, depths: [UInt8], channels: Int)] = [
      (0, [1, 2, 4, 8, 16], 1), (2, [8, 16], 3), (3, [1, 2, 4, 8], 1), (4, [8, 16], 2),
      (6, [8, 16], 4),
    ]
    let kind = kinds[mutator.number(below: kinds.count)]
    let depth = kind.depths[mutator.number(below: kind.depths.count)]
    let isInterlaced: UInt8 = mutator.number(below: 4) == 0 ? 1 : 0
    var header = bigEndian(width) + bigEndian(height) + [depth, kind.type, 0, 0, isInterlaced]
    if mutator.number(below: 8) == 0 { header = mutator.mutated(header, others: []) }
    let rowSize = (width * kind.channels * Int(depth) + 7) / 8
    var rows: [UInt8] = []
    for _ in 0..<height {
      // The filter of a row is 0…4.
      rows.append(UInt8(mutator.number(below: mutator.number(below: 32) == 0 ? 6 : 5)))
      rows += (0..<rowSize).map { _ in mutator.byte() }
    }
    // An interlaced image has more and shorter rows.
    if isInterlaced == 1 { rows += [UInt8](repeating: 0, count: 40) }
    if mutator.number(below: 8) == 0 { rows.removeLast(mutator.number(below: rows.count)) }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
    if kind.type == 3 || mutator.number(below: 16) == 0 {
      let colours = mutator.number(below: 8) == 0 ? mutator.number(below: 300) : 1 << min(depth, 8)
      file += chunk("PLTE", (0..<3 * colours).map { _ in mutator.byte() })
    }
    return file + chunk("IDAT", stored(rows)) + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let content = Array(type.utf8) + data
    return bigEndian(data.count) + content + checksum(content[...])
  }

  /// Wraps bytes as zlib does (RFC 1950), without compressing them.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    precondition(bytes.count < 1 << 16)
    let size = [UInt8(bytes.count & 255), UInt8(bytes.count >> 8)]
    var (first, second) = (1, 0)
    for byte in bytes {
      first = (first + Int(byte)) % 65521
      second = (second + first) % 65521
    }
    return [0x78, 0x01, 0x01] + size + size.map { ~$0 } + bytes + bigEndian(second << 16 | first)
  }

  private static func bigEndian(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
