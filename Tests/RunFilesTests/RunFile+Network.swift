import RunFiles

extension RunFile {
  /// What a file says of a network that it is known to have.
  var network: NetworkSubject {
    get {
      guard let network = subject.network else { fatalError("the file lists decisions") }
      return network
    }
    set { subject = .network(newValue) }
  }
}
