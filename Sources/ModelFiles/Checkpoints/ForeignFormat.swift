/// A format that checkpoints come in and that is not read.
package enum ForeignFormat: Hashable, Sendable {
  /// What `torch.save` writes: a zip archive, or a pickle as before version 1.6.
  case torch
  /// NumPy's archive of arrays, in which Google publishes ViT.
  case numpyArchive
  /// Text that Git LFS keeps in the place of a file.
  case lfsPointer
  /// A web page, as a download without permission gives.
  case webPage
  /// JSON, such as a configuration or an index.
  case json
  /// Another file whose first bytes say what it is.
  case other(String)

  /// Recognises a format by the beginning of a file; 512 bytes are enough.
  package init?(beginning bytes: [UInt8]) {
    func begins(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      // The local header of the first member has its name's length at 26 and the name at 30.
      let name = bytes.dropFirst(30).prefix(bytes.count > 27 ? Int(bytes[26]) : 0)
      let text = String(decoding: name, as: UTF8.self)
      self = text.hasSuffix(".npy") ? .numpyArchive : .torch
    } else if bytes.count > 1, bytes[0] == 0x80, (2...5).contains(bytes[1]),
      !Self.isHeaderSize(bytes)
    {
      self = .torch
    } else if begins("version https://git-lfs") {
      self = .lfsPointer
    } else if bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
      self = .other("a NumPy array")
    } else if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) {
      self = .other("an HDF5 file, as Keras writes")
    } else if bytes.starts(with: [0x1F, 0x8B]) {
      self = .other("a gzip archive; unpack it")
    } else if begins("GGUF") {
      self = .other("a GGUF file")
    } else {
      let text = String(decoding: bytes.prefix(200), as: UTF8.self)
        .drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
      if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
        self = .webPage
      } else if text.hasPrefix("{") {
        self = .json
      } else {
        return nil
      }
    }
  }

  /// Whether the first eight bytes can be the size of a header, and the ninth begins one.
  private static func isHeaderSize(_ bytes: [UInt8]) -> Bool {
    bytes.count > 8 && bytes[8] == UInt8(ascii: "{")
  }
}

extension ForeignFormat: CustomStringConvertible {
  /// What a file of any name is and what to do.
  package var description: String { explanation(of: "FILE") }

  /// Returns what a file is and what to do, to follow its path.
  package func explanation(of path: String) -> String {
    let file = JSONValue.quoted(path)
    return switch self {
    case .torch:
      """
      it is a file of torch.save, no safetensors file; convert it in Python:
        import torch, safetensors.torch
        d = torch.load(\(file), map_location="cpu", weights_only=True); \
      d = d.get("state_dict", d.get("model", d))
        safetensors.torch.save_file({k: v.clone().contiguous() for k, v in d.items() \
      if torch.is_tensor(v)}, "model.safetensors")
      """
    case .numpyArchive:
      """
      it is a NumPy archive (.npz), no safetensors file; convert it in Python with the model's \
      name in timm:
        import timm, safetensors.torch
        m = timm.create_model("NAME", checkpoint_path=\(file))
        safetensors.torch.save_file(m.state_dict(), "model.safetensors")
      """
    case .lfsPointer:
      """
      it is a pointer of Git LFS, not the file itself; fetch it in its repository:
        git lfs install
        git lfs pull
      """
    case .webPage:
      "it is a web page, no checkpoint: the download was refused or led to a page; download the "
        + "file itself (on the hub: /resolve/ in the address instead of /blob/)"
    case .json:
      "it is JSON, no safetensors file; give the checkpoint"
    case .other(let what):
      "it is \(what), no safetensors file"
    }
  }
}
