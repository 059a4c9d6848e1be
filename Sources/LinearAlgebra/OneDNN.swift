import COneDNN

/// oneDNN's processor engine, which all products of the process share.
///
/// oneDNN states that engines may be used by several threads at once; this one is never changed.
nonisolated(unsafe) let sharedEngine: dnnl_engine_t = {
  var engine: dnnl_engine_t?
  unsafe require(dnnl_engine_create(&engine, dnnl_cpu, 0))
  guard let engine = unsafe engine else { preconditionFailure("oneDNN made no engine") }
  return unsafe engine
}()

/// Traps if oneDNN refused a call: our own bug, or no memory left.
func require(_ status: dnnl_status_t, _ file: StaticString = #file, _ line: UInt = #line) {
  precondition(
    status == dnnl_success, "oneDNN refused a call or ran out of memory: \(status)",
    file: file, line: line)
}

/// Returns the layout of a matrix with strides, or with one that oneDNN may choose.
func memoryLayout(
  sizes: [Int], strides: [Int]?, type: dnnl_data_type_t
) -> dnnl_memory_desc_t {
  var layout = dnnl_memory_desc_t()
  let dimensions = sizes.map { dnnl_dim_t($0) }
  let count = Int32(sizes.count)
  if let strides {
    let steps = strides.map { dnnl_dim_t($0) }
    unsafe require(dnnl_memory_desc_init_by_strides(&layout, count, dimensions, type, steps))
  } else {
    unsafe require(
      dnnl_memory_desc_init_by_tag(&layout, count, dimensions, type, dnnl_format_tag_any))
  }
  return layout
}

/// Numbers in memory, as oneDNN is told of them; the memory itself belongs to others.
@safe final class OneDNNMemory {
  /// oneDNN's handle.
  let handle: dnnl_memory_t

  /// Describes memory at an address, or at one that is told later.
  init(_ layout: inout dnnl_memory_desc_t, at address: UnsafeMutableRawPointer?) {
    var memory: dnnl_memory_t?
    // A null address stands for memory that is told later; oneDNN then allocates none.
    unsafe require(dnnl_memory_create(&memory, &layout, sharedEngine, address))
    guard let memory = unsafe memory else { preconditionFailure("oneDNN made no memory") }
    unsafe handle = memory
  }

  /// Tells where the numbers are from now on.
  func move(to address: UnsafeMutableRawPointer?) {
    unsafe require(dnnl_memory_set_data_handle(handle, address))
  }

  deinit { unsafe _ = dnnl_memory_destroy(handle) }
}

/// Copies a matrix into another layout or number format.
func reorder(from source: OneDNNMemory, to target: OneDNNMemory) {
  var from: UnsafePointer<dnnl_memory_desc_t>?
  var to: UnsafePointer<dnnl_memory_desc_t>?
  unsafe require(dnnl_memory_get_memory_desc(source.handle, &from))
  unsafe require(dnnl_memory_get_memory_desc(target.handle, &to))
  var description: dnnl_primitive_desc_t?
  unsafe require(
    dnnl_reorder_primitive_desc_create(
      &description, from, sharedEngine, to, sharedEngine, nil))
  var primitive: dnnl_primitive_t?
  unsafe require(dnnl_primitive_create(&primitive, description))
  let stream = OneDNNStream()
  unsafe require(
    run(
      primitive, on: stream,
      [
        dnnl_exec_arg_t(arg: DNNL_ARG_FROM, memory: source.handle),
        dnnl_exec_arg_t(arg: DNNL_ARG_TO, memory: target.handle),
      ]))
  unsafe _ = dnnl_primitive_destroy(primitive)
  unsafe _ = dnnl_primitive_desc_destroy(description)
}

/// A queue of oneDNN's work; work is done in the calling thread when it is queued.
@safe final class OneDNNStream {
  /// oneDNN's handle.
  let handle: dnnl_stream_t

  init() {
    var stream: dnnl_stream_t?
    unsafe require(
      dnnl_stream_create(&stream, sharedEngine, UInt32(dnnl_stream_default_flags.rawValue)))
    guard let stream = unsafe stream else { preconditionFailure("oneDNN made no stream") }
    unsafe handle = stream
  }

  deinit { unsafe _ = dnnl_stream_destroy(handle) }
}

/// Runs a primitive with its arguments and returns oneDNN's answer when it is done.
func run(
  _ primitive: dnnl_primitive_t?, on stream: OneDNNStream, _ arguments: [dnnl_exec_arg_t]
) -> dnnl_status_t {
  let status = unsafe dnnl_primitive_execute(
    primitive, stream.handle, Int32(arguments.count), arguments)
  guard status == dnnl_success else { return status }
  return unsafe dnnl_stream_wait(stream.handle)
}
