import AcceleratorModel
import ContentHashing
import SparsityCore

extension AcceleratorProfile {
  /// The hash of all that costs depend on.
  package var contentHash: ContentHash {
    var hasher = ContentHasher()
    hasher.update(contentText)
    return hasher.finalized()
  }
}
