import NetworkArchitectures
import SparsityCore

/// Why a checkpoint, a packed file or a model configuration cannot be read or written.
package enum ModelFileError: Error, Equatable, Sendable {
  /// The system refused to open, inspect, map or read the file.
  case cannotRead(path: String, reason: String)
  /// The system refused to create, write or rename the file.
  case cannotWrite(path: String, reason: String)
  /// The disk or the quota is full.
  case diskFull(path: String, neededBytes: Int)
  /// The file ends before what it announces.
  case truncated(path: String, neededBytes: Int, availableBytes: Int)
  /// The file is larger than a file of its kind may be.
  case tooLarge(path: String, bytes: Int, limitBytes: Int)
  /// The safetensors header is larger than the format allows.
  case headerTooLarge(path: String, headerBytes: UInt64, limitBytes: Int)
  /// The text is not JSON.
  case invalidJSON(path: String, fault: JSONFault)
  /// The safetensors header describes no consistent file.
  case invalidHeader(path: String, fault: SafetensorsFault)
  /// The file holds no tensor of this name.
  case unknownTensor(path: String, name: String)
  /// The tensor's elements cannot be converted to what was asked for.
  case unsupportedConversion(path: String, name: String, from: ElementType, to: String)
  /// A tensor to be written has another size than its shape says.
  case wrongTensorSize(name: String, shape: [Int], expectedBytes: Int?, bytes: Int)
  /// Two tensors to be written have one name, or the name is reserved.
  case unusableTensorName(String)
  /// A key that the configuration must have is missing.
  case missingKey(path: String, key: String, expected: String)
  /// A key of the configuration has a value that cannot be used.
  case invalidValue(path: String, key: String, value: String, expected: String)
  /// The architecture is known, and its computation is not built.
  case unsupportedArchitecture(path: String, name: String, reason: String)
  /// The sizes in the configuration belong to no network.
  case invalidShape(path: String, fault: ArchitectureError)
  /// The file is no checkpoint that can be used.
  case checkpoint(path: String, fault: CheckpointFault)
}

/// Why a safetensors header describes no consistent file.
package enum SafetensorsFault: Error, Equatable, Sendable {
  case noObject
  case invalidMetadata(key: String?)
  case invalidEntry(tensor: String, found: String)
  case unknownElementType(tensor: String, name: String)
  case invalidShape(tensor: String)
  case invalidOffsets(tensor: String)
  case sizeMismatch(tensor: String, expectedBytes: Int, rangeBytes: Int)
  case overlap(tensor: String, begin: Int, previousEnd: Int)
  case hole(tensor: String, begin: Int, previousEnd: Int)
  case trailingBytes(count: Int)
}

extension ModelFileError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "cannot read \(path): \(reason)"
    case .cannotWrite(let path, let reason):
      "cannot write \(path): \(reason)"
    case .diskFull(let path, let neededBytes):
      "cannot write \(path): no space left for \(neededBytes) bytes; free some or write elsewhere"
    case .truncated(let path, let neededBytes, let availableBytes):
      "\(path) is truncated: \(neededBytes) bytes are needed, \(availableBytes) are there; "
        + "copy or download it again"
    case .tooLarge(let path, let bytes, let limitBytes):
      "\(path) has \(bytes) bytes; at most \(limitBytes) are read of such a file"
    case .headerTooLarge(let path, let headerBytes, let limitBytes):
      "\(path) announces a header of \(headerBytes) bytes; safetensors allows \(limitBytes). "
        + "Is it a safetensors file?"
    case .invalidJSON(let path, let fault):
      "\(path): \(fault)"
    case .invalidHeader(let path, let fault):
      "\(path) is no valid safetensors file: \(fault)"
    case .unknownTensor(let path, let name):
      "\(path) holds no tensor \(shown(name))"
    case .unsupportedConversion(let path, let name, let from, let to):
      "tensor \(shown(name)) of \(path) has type \(from), which is not read as \(to)"
    case .wrongTensorSize(let name, let shape, let expectedBytes?, let bytes):
      "tensor \(shown(name)) of shape \(shape) takes \(expectedBytes) bytes, but \(bytes) are given"
    case .wrongTensorSize(let name, let shape, nil, _):
      "tensor \(shown(name)) has the impossible shape \(shape)"
    case .unusableTensorName(let name):
      "the tensor name \(shown(name)) is used twice or reserved"
    case .missingKey(let path, let key, let expected):
      "\(path) has no key \"\(key)\"; expected \(expected)"
    case .invalidValue(let path, let key, let value, let expected):
      "\(path): \"\(key)\" is \(value); expected \(expected)"
    case .unsupportedArchitecture(let path, let name, let reason):
      "\(path): the architecture \(shown(name)) is not computed here, because \(reason)"
    case .invalidShape(let path, let fault):
      "\(path): \(fault)"
    case .checkpoint(let path, .otherFormat(let format)):
      "\(path): \(format.explanation(of: path))"
    case .checkpoint(let path, let fault):
      "\(path): \(fault)"
    }
  }
}

extension SafetensorsFault: CustomStringConvertible {
  /// The fault as text.
  package var description: String {
    switch self {
    case .noObject:
      "its header is no JSON object"
    case .invalidMetadata(nil):
      "its __metadata__ is no object"
    case .invalidMetadata(let key?):
      "its __metadata__ has a value that is no string, for \(shown(key))"
    case .invalidEntry(let tensor, let found):
      "tensor \(shown(tensor)) must have exactly dtype, shape and data_offsets, "
        + "but has \(found.prefix(80))"
    case .unknownElementType(let tensor, let name):
      "tensor \(shown(tensor)) has the unknown type \(shown(name))"
    case .invalidShape(let tensor):
      "tensor \(shown(tensor)) has an impossible shape"
    case .invalidOffsets(let tensor):
      "tensor \(shown(tensor)) has impossible data_offsets"
    case .sizeMismatch(let tensor, let expectedBytes, let rangeBytes):
      "tensor \(shown(tensor)) takes \(expectedBytes) bytes by its shape and type, "
        + "but \(rangeBytes) by its data_offsets"
    case .overlap(let tensor, let begin, let previousEnd):
      "tensor \(shown(tensor)) begins at \(begin), inside the one before it, which ends at "
        + "\(previousEnd)"
    case .hole(let tensor, let begin, let previousEnd):
      "tensor \(shown(tensor)) begins at \(begin), after a hole from \(previousEnd)"
    case .trailingBytes(let count):
      "\(counted(count, "byte")) \(count == 1 ? "follows" : "follow") the last tensor"
    }
  }
}

/// Returns the beginning of a name that a file gives, in quotes, for messages.
private func shown(_ name: String) -> String {
  JSONValue.quoted(name.count <= 80 ? name : name.prefix(80) + "…")
}
