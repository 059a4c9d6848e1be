import ImageData
import LinearAlgebra
import ModelFiles
import Pruning
import SparsityCore
import VisionTransformers

/// Why a model cannot be loaded, or a genome not be evaluated.
package enum EvaluationError: Error, Equatable, Sendable {
  /// A file cannot be read, or does not hold what it should.
  case file(ModelFileError)
  /// A checkpoint's tensors do not make the model that its configuration describes.
  case model(path: String, fault: ModelError)
  /// A folder has no checkpoint, or several and none named `model.safetensors`.
  case noSingleCheckpoint(folder: String, found: [String])
  /// A checkpoint is of a model that is not supported.
  case refused(path: String, reason: String)
  /// A weight is too large for the precision to write.
  case unwritable(tensor: String, precision: String)
  /// A path leads nowhere.
  case noSuchPath(String)
  /// Something else computes the run's results, or another version of this.
  case otherBackend(found: Backend, asked: Backend)
  /// The numerics of a run have an option or a value that this version does not know, or lack one.
  case unknownOption(name: String, value: String?)
  /// The processor lacks instructions that the run is fixed to.
  case unsupportedInstructionSet(found: InstructionSet, asked: InstructionSet)
  /// A forward pass of so many images is not allowed.
  case forwardBatchOutOfRange(found: Int, allowed: ClosedRange<Int>)
  /// The process computes with another instruction set already.
  case instructionSetFixed(applied: InstructionSet, asked: InstructionSet)
  /// oneDNN cannot be held to an instruction set.
  case cannotLimitInstructions(LinearAlgebraError)
  /// The images have another size or other classes than the model.
  case images(ImageDataError)
  /// A layer cannot be pruned.
  case pruning(PruningError)
  /// A genome does not belong to the search space.
  case genomeNotInSpace(genes: [UInt8])
  /// An image index is not one of the set.
  case imageOutOfRange(image: Int, count: Int)
  /// A forward pass gave logits that are NaN or infinite.
  case logitsNotFinite(image: Int)
  /// A set that shall calibrate holds no image.
  case noCalibrationImages(String)
  /// A weight bank on disk is not what was asked for.
  case bank(path: String, fault: String)
  /// The compressed weights of a checkpoint's layer do not agree with their pattern.
  case compressedWeights(path: String, name: String)
  /// The caller asked to stop.
  case cancelled
}

extension EvaluationError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .model(let path, let fault): "\(path): \(fault)"
    case .refused(let path, let reason): "\(path): \(reason)"
    case .unwritable(let tensor, let precision):
      "a weight of \(tensor) is too large for \(precision); write --output-precision f32"
    case .noSingleCheckpoint(let folder, []):
      "\(folder) holds no .safetensors file; give the path of a checkpoint"
    case .noSingleCheckpoint(let folder, let found):
      """
      \(folder) holds several checkpoints (\(found.joined(separator: ", "))) and none named \
      model.safetensors; give the path of one
      """
    case .noSuchPath(let path): "\(path) does not exist; give a checkpoint or a folder with one"
    case .otherBackend(let found, let asked):
      """
      the run computes with \(asked), and this program has \(found); \
      use the version that started the run
      """
    case .unknownOption(let name, let value):
      """
      the run computes with \(name) \(value?.debugDescription ?? "not given"), which this program \
      does not know; use the version that started the run
      """
    case .unsupportedInstructionSet(let found, let asked):
      """
      the run is fixed to \(asked.rawValue) instructions, and this processor has \
      \(found.rawValue) at most; use another machine, or start the run with \(found.rawValue)
      """
    case .forwardBatchOutOfRange(let found, let allowed):
      """
      a forward pass of \(counted(found, "image")) is asked for; \
      \(allowed.lowerBound) to \(allowed.upperBound) are allowed
      """
    case .instructionSetFixed(let applied, let asked):
      """
      this process computes with \(applied.rawValue) instructions and cannot change to \
      \(asked.rawValue); start another process
      """
    case .cannotLimitInstructions(let error): "\(error)"
    case .images(let error): "\(error)"
    case .pruning(let error): "\(error)"
    case .genomeNotInSpace(let genes):
      "the genome \(genes) is not one of the search space"
    case .imageOutOfRange(let image, let count):
      "image \(image) is asked for; the set has \(count) images"
    case .logitsNotFinite(let image):
      """
      the logits of image \(image) are not finite; the model overflows with these weights
      """
    case .noCalibrationImages(let name):
      "\(name) holds no images to calibrate with; give a set with some, 256 are plenty"
    case .bank(let path, let fault):
      "\(path) holds another weight bank: \(fault); remove it to have it built again"
    case .compressedWeights(let path, let name):
      "\(path): the values, indices, pattern and inputs of \(name) do not agree; write it again"
    case .cancelled: "the evaluation was cancelled"
    }
  }
}
