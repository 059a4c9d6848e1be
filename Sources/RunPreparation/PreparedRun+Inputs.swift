import Coordination

extension PreparedRun {
  /// The files that workers without a shared file system fetch from the coordinator.
  package var servedInputs: [ServedInput] {
    let description = settings.description
    var inputs: [ServedInput] = []
    if let model = description.model {
      inputs.append(ServedInput(role: .model, path: model.path, content: model.content))
    }
    if let configuration = description.configuration {
      inputs.append(
        ServedInput(
          role: .configuration, path: configuration.path, content: configuration.content))
    }
    if let data = description.data { inputs.append(ServedInput(role: .data, path: data.path)) }
    if description.bank.isStored {
      inputs.append(ServedInput(role: .bank, path: directory.bank))
    }
    return inputs
  }
}
