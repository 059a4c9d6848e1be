import COneDNN

/// The version of the oneDNN that the program runs with, as in `2.6.3`.
package var oneDNNVersion: String {
  guard let version = unsafe dnnl_version() else { return "unknown" }
  return unsafe "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
}
