/// The bytes of a safetensors file with this header text and data.
func safetensorsBytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
  let text = Array(header.utf8)
  let size = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
  return size + text + data
}

/// A valid file with a U8, an F16 and an I32 tensor, and metadata.
func smallFile() -> [UInt8] {
  safetensorsBytes(
    """
    {"__metadata__":{"format":"pt"},\
    "labels":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},\
    "weight":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]},\
    "images":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}
    """,
    data: [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0x00, 0x3C, 0x00, 0xC0, 7, 8, 9])
}
