import Coordination

extension PreparedRun {
  /// The files that workers without a shared file system fetch from the coordinator.
  package var servedInputs: [ServedInput] {
    let description = settings.description
    var inputs = [
      ServedInput(
        role: .model, path: description.model.path, content: description.model.content),
      ServedInput(
        role: .configuration, path: description.configuration.path,
        content: description.configuration.content),
      ServedInput(role: .data, path: description.data.path),
    ]
    if description.bank.isStored {
      inputs.append(ServedInput(role: .bank, path: directory.bank))
    }
    return inputs
  }
}
