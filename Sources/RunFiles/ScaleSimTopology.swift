import AcceleratorModel
import SparsityCore

/// A list of matrix products in SCALE-Sim's form: `Layer,M,N,K,Sparsity,` a line.
package struct ScaleSimTopology: Hashable, Sendable {
  /// One product.
  package struct Layer: Hashable, Sendable {
    /// The layer's name.
    package var name: String
    package var product: MatrixProduct
    /// The pattern of its weights.
    package var pattern: NMPattern

    package init(name: String, product: MatrixProduct, pattern: NMPattern) {
      self.name = name
      self.product = product
      self.pattern = pattern
    }
  }

  /// The products, in order.
  package var layers: [Layer]

  /// Creates a list.
  package init(layers: [Layer]) {
    self.layers = layers
  }

  /// Takes the products of a genome's steps; those of attention are listed once a head and image.
  package init(costs: [LayerCost]) {
    layers = costs.compactMap { cost in
      guard case .product(let product, _, _) = cost.work else { return nil }
      return Layer(name: cost.name, product: product, pattern: cost.executedPattern)
    }
  }

  /// Reads a topology; without the column `Sparsity` all products are dense.
  ///
  /// - Throws: ``RunFileError`` with the line of what is missing or impossible.
  package init(csv text: String, file: String) throws(RunFileError) {
    var layers: [Layer] = []
    for row in try CSVTable(text, file: file).rows {
      func size(_ column: String) throws(RunFileError) -> Int {
        try row.number(column, scale: 0, in: 1...1_000_000_000)
      }
      var pattern = NMPattern.dense
      if row.has("Sparsity") {
        let text = try row.text("Sparsity")
        guard let given = NMPattern(text) else {
          throw row.error("Sparsity is \"\(excerpt(text))\"; write N:M with N ≤ M ≤ 16, as in 2:4")
        }
        pattern = given
      }
      layers.append(
        Layer(
          name: try row.has("Layer") ? row.text("Layer") : row.text("Layer name"),
          product: MatrixProduct(
            tokens: try size("M"), inputs: try size("K"), outputs: try size("N")),
          pattern: pattern))
    }
    guard !layers.isEmpty else {
      throw RunFileError(file: file, message: "no product; a line is name,M,N,K,2:4,")
    }
    self.layers = layers
  }

  /// The list as SCALE-Sim 3 reads it with `-i gemm`.
  package var csv: String {
    let rows = layers.map { layer in
      "\(layer.name),\(layer.product.tokens),\(layer.product.outputs),\(layer.product.inputs),"
        + "\(layer.pattern),"
    }
    return (["Layer,M,N,K,Sparsity,"] + rows).joined(separator: "\n") + "\n"
  }
}
