import AcceleratorModel

/// Returns what is computed of a model's costs; numbers beyond 64 bits name the model's file.
func computingCosts<Result>(of model: String, _ compute: () throws -> Result) throws -> Result {
  do {
    return try compute()
  } catch let error as AcceleratorError {
    guard case .tooLarge = error else { throw error }
    throw CommandFailure("\(model): \(error)")
  }
}
