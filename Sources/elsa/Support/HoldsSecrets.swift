import ProcessLimits

/// A command whose process holds secret keys: nobody else reads its memory, and it leaves no core.
protocol HoldsSecrets {}

/// What the environment may hold in secret.
enum SecretVariable: String {
  /// The secret half of a worker's key, in Z85 text.
  case workerSecretKey = "ELSA_WORKER_SECRET_KEY"

  /// Takes the variable out of the environment; `nil` if it is not there.
  func take() -> String? { SecretKeeping.takeFromEnvironment(rawValue) }
}
