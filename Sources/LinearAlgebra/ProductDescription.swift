import COneDNN

/// What oneDNN has to know of a product before it generates code for it.
struct ProductDescription: Hashable {
  /// The output features.
  var outputs: Int
  /// The input features.
  var inputs: Int
  /// The rows of the activations.
  var tokens: Int
  /// The number format of the operands.
  var format: DenseFormat
  /// Whether a bias is added.
  var hasBias: Bool
  /// Whether the product is added to fp32 numbers, or stored in the format.
  var adds: Bool

  /// The layout of the activations.
  func activations() -> dnnl_memory_desc_t {
    memoryLayout(sizes: [tokens, inputs], strides: [inputs, 1], type: format.dataType)
  }

  /// The layout of the result.
  func results() -> dnnl_memory_desc_t {
    memoryLayout(
      sizes: [tokens, outputs], strides: [outputs, 1], type: adds ? dnnl_f32 : format.dataType)
  }

  /// The layout of the bias.
  func bias() -> dnnl_memory_desc_t {
    memoryLayout(sizes: [1, outputs], strides: [outputs, 1], type: dnnl_f32)
  }

  /// Returns the layout of the weights that oneDNN multiplies fastest.
  func preferredWeights() -> dnnl_memory_desc_t {
    var any = memoryLayout(sizes: [inputs, outputs], strides: nil, type: format.dataType)
    let description = unsafe primitiveDescription(weights: &any)
    defer { unsafe _ = dnnl_primitive_desc_destroy(description) }
    guard
      let found = unsafe dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0)
    else { preconditionFailure("oneDNN names no layout of the weights") }
    return unsafe found.pointee
  }

  /// Returns oneDNN's description of the product with weights in some layout; the caller destroys
  /// it.
  func primitiveDescription(weights: inout dnnl_memory_desc_t) -> dnnl_primitive_desc_t {
    var (source, bias, target) = (activations(), bias(), results())
    var operation = dnnl_matmul_desc_t()
    unsafe require(
      hasBias
        ? dnnl_matmul_desc_init(&operation, &source, &weights, &bias, &target)
        : dnnl_matmul_desc_init(&operation, &source, &weights, nil, &target))
    var attributes: dnnl_primitive_attr_t?
    unsafe require(dnnl_primitive_attr_create(&attributes))
    defer { unsafe _ = dnnl_primitive_attr_destroy(attributes) }
    // The memory that a product needs beside its operands is ours, so that threads may share a
    // process without sharing it.
    unsafe require(
      dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user))
    if adds {
      var after: dnnl_post_ops_t?
      unsafe require(dnnl_post_ops_create(&after))
      unsafe require(dnnl_post_ops_append_sum(after, 1))
      unsafe require(dnnl_primitive_attr_set_post_ops(attributes, after))
      unsafe _ = dnnl_post_ops_destroy(after)
    }
    var description: dnnl_primitive_desc_t?
    unsafe require(
      dnnl_primitive_desc_create(&description, &operation, attributes, sharedEngine, nil))
    guard let description = unsafe description else {
      preconditionFailure("oneDNN made no description")
    }
    return unsafe description
  }
}
