import AcceleratorModel
import TextReports

/// Returns what is computed of a model's costs; numbers beyond 64 bits name the model's file.
package func computingCosts<Result>(of model: String, _ compute: () throws -> Result) throws
  -> Result
{
  do {
    return try compute()
  } catch let error as AcceleratorError {
    guard case .tooLarge = error else { throw error }
    throw ExplainedError("\(model): \(error)")
  }
}
