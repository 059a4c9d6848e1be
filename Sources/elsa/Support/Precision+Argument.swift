import ArgumentParser
import SparsityCore

/// `--precision` takes the number formats by name.
extension Precision: ExpressibleByArgument {}
