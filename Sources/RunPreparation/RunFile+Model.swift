import Evaluation
import RunFiles

extension RunFile.Model {
  /// Where the model is.
  package var source: ModelSource {
    ModelSource(
      path: weights, configurationPath: config, architecture: architecture, prefix: prefix)
  }
}
