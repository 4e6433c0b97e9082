import CMomosKernels
import Glibc

/// The processor features that the kernels of this process use, chosen once.
///
/// The environment variable `MOMOS_INSTRUCTION_SET` forces one by name. Fitting gives the
/// same bits with all sets; results of execution differ within their precision class.
public enum InstructionSet {
  /// The name of the set in use, for instance "avx2".
  public static var current: String { unsafe String(cString: table.name) }

  /// Names of the sets of this build that this processor supports, best first.
  public static var available: [String] {
    var names: [String] = []
    var next = unsafe momos_kernels_names()!
    while let name = unsafe next.pointee {
      if unsafe momos_kernels_named(name) != nil { names.append(unsafe String(cString: name)) }
      unsafe next += 1
    }
    return names
  }

  /// Throws if `MOMOS_INSTRUCTION_SET` names a set that is unknown or that this processor lacks.
  ///
  /// The best set is used in that case; the public entry points of momos call this and refuse to go on.
  public static func checkEnvironment() throws(KernelError) {
    guard let name = forcedName, !available.contains(name) else { return }
    throw .instructionSetUnavailable(name: name, available: available)
  }

  /// The name of the set that the table kernels in use are of.
  public static var currentLookups: String { unsafe String(cString: momos_lut_name(lookups)) }

  /// True if the set in use looks up whole vectors of indices; the scalar one looks up one after another.
  public static var looksUpInVectors: Bool { currentLookups != "scalar" }

  static let table: momos_kernel_table = unsafe selectedTable().pointee

  /// True if the set in use multiplies pairs of bfloat16, for batches of `pairBatch` and more in class `fast`.
  public static var multipliesPairs: Bool { unsafe products.multiply_mosaic_pairs != nil }

  /// Smallest batch that pairs of bfloat16 serve.
  public static var pairBatch: Int { 16 }

  /// Most values of the motifs of a dictionary that tiles may multiply straight.
  public static let mostNearMotifs = Int(MOMOS_MOST_NEAR_MOTIFS)

  /// The dense kernels of the set in use.
  static let products: momos_gemm_table = unsafe selectedProducts().pointee

  private static func selectedProducts() -> UnsafePointer<momos_gemm_table> {
    guard let forcedName else { return unsafe momos_gemm_best() }
    // Kernels for pairs of bfloat16 are a set of their own there, which holds those of "avx512" too.
    return unsafe momos_gemm_named(forcedName) ?? momos_gemm_named("scalar")
  }

  /// The element-wise functions of the set in use.
  static let vectors: momos_vector_table = unsafe selectedVectors().pointee

  private static func selectedVectors() -> UnsafePointer<momos_vector_table> {
    guard let forcedName else { return unsafe momos_vector_best() }
    return unsafe momos_vector_named(forcedName) ?? momos_vector_named("scalar")
  }

  /// The kernels of fitting of the set in use.
  static let fitting: momos_fit_table = unsafe selectedFitting().pointee

  private static func selectedFitting() -> UnsafePointer<momos_fit_table> {
    guard let forcedName else { return unsafe momos_fit_best() }
    return unsafe momos_fit_named(forcedName) ?? momos_fit_named("scalar")
  }

  /// The table kernels of the set in use; where this processor lacks what they need, the best that it has.
  static var lookups: OpaquePointer { unsafe lookupKernels.pointer }

  private static let lookupKernels = unsafe LookupKernels(pointer: selectedLookups())

  private static func selectedLookups() -> OpaquePointer {
    guard let forcedName else { return unsafe momos_lut_best() }
    return unsafe momos_lut_named(forcedName) ?? momos_lut_named("scalar")
  }

  private static var forcedName: String? {
    guard let value = unsafe getenv("MOMOS_INSTRUCTION_SET") else { return nil }
    let name = unsafe String(cString: value)
    return name.isEmpty ? nil : name
  }

  private static func selectedTable() -> UnsafePointer<momos_kernel_table> {
    if let forcedName, let table = unsafe momos_kernels_named(forcedName) { return unsafe table }
    return unsafe momos_kernels_best()
  }
}

/// What can keep the kernels from running as asked.
public enum KernelError: Error, Hashable, CustomStringConvertible {
  case instructionSetUnavailable(name: String, available: [String])

  public var description: String {
    switch self {
    case .instructionSetUnavailable(let name, let available):
      "MOMOS_INSTRUCTION_SET is '\(name)'; this machine has \(available.joined(separator: ", "))"
    }
  }
}

/// Constant for the life of the process.
@unsafe
private struct LookupKernels: @unchecked Sendable {
  let pointer: OpaquePointer
}
