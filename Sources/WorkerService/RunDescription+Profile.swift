import AcceleratorModel
import RunFiles
import WireProtocol

extension RunDescription {
  /// Returns the accelerator that the run is meant for: the profile that travels with the
  /// description, or the built-in one of its name.
  ///
  /// - Throws: an error in words if this version cannot read the profile.
  public func acceleratorProfile() throws -> AcceleratorProfile {
    guard let text = acceleratorText else { return try AcceleratorProfile.named(accelerator) }
    return try AcceleratorProfile(yaml: text, file: "the run's accelerator profile")
  }
}
