import Evaluation
import ModelFiles
import WireProtocol

extension InputFiles {
  /// Loads the checkpoint of a run; `nil` if the run has none.
  ///
  /// - Throws: ``InputError`` if a file has other content than the run wants, or an error of a file
  ///   that is no checkpoint.
  package func model(of description: RunDescription) throws -> LoadedModel? {
    guard let wanted = description.configuration else { return nil }
    guard try contentHash(ofFileAt: configuration) == wanted.content else {
      throw InputError.otherContent(path: configuration)
    }
    let loaded = try LoadedModel(path: model, configurationPath: configuration)
    guard loaded.contentHash == description.model?.content else {
      throw InputError.otherContent(path: model)
    }
    return loaded
  }
}
