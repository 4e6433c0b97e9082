import Glibc
public import MomosModel

/// An .npy file: one tensor, after a header that says what it is.
///
/// Versions 1.0, 2.0 and 3.0, C and Fortran order, both byte orders. The elements are f16, f32, f64, signed
/// and unsigned integers of 8 to 64 bits, or bool; other types are refused, and nothing is ever unpickled.
public struct NPYFile: Sendable {
  private let header: NPYHeader
  private let data: Bytes

  /// Maps a file and checks all but its data.
  public init(path: String) throws(InterchangeError) {
    do {
      try self.init(SourceFile.map(path))
    } catch {
      throw error.inFile(path)
    }
  }

  /// - Parameter file: the whole file, for instance a member of an .npz archive.
  init(_ file: Bytes) throws(InterchangeError) {
    header = try NPYHeader(parsing: file.span(of: UInt8.self))
    try header.requireFileByteCount(file.count)
    data = file[header.dataOffset..<file.count]
  }

  public var elementType: ElementType { header.elementType }
  public var shape: Shape { header.shape }

  /// The tensor, row-major and little-endian.
  ///
  /// It is a view on the mapped file, without a copy, if the file has this order and the data are aligned for
  /// the element type, as they are in a file that numpy wrote.
  /// - Throws: `boolValue` if a bool is neither 0 nor 1; `outOfMemory`.
  public func tensor() throws(InterchangeError) -> Tensor {
    if elementType == .bool { try data.requireBools() }
    return try InterchangeError.translating { () throws(ModelError) in
      let ordered = try data.ordered(elementByteCount: elementType.byteCount, isBigEndian: header.isBigEndian)
      guard header.isFortranOrder, shape.rank > 1 else {
        return Tensor(elementType: elementType, shape: shape, bytes: ordered)
      }
      // Fortran order is the row-major order of the reversed axes.
      let reversed = try Shape(shape.dimensions.reversed())
      return try Tensor(elementType: elementType, shape: reversed, bytes: ordered)
        .transposed((0..<shape.rank).reversed())
    }
  }
}

extension Bytes {
  /// The same elements little-endian and aligned for their size; a view if they already are.
  func ordered(elementByteCount: Int, isBigEndian: Bool = false) throws(ModelError) -> Bytes {
    // The start of an empty run says nothing about alignment.
    guard count > 0 else { return Bytes() }
    let address = unsafe bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    if !isBigEndian && address % UInt(elementByteCount) == 0 { return self }
    var copy = try MutableBytes(byteCount: count)
    var target = copy.mutableSpan(of: UInt8.self)
    unsafe target.withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { source in unsafe target.copyMemory(from: source) }
    }
    if isBigEndian { copy.swapBytes(elementByteCount: elementByteCount) }
    return copy.freeze()
  }
}

extension MutableBytes {
  /// Reverses the bytes of every element of 2, 4 or 8 bytes.
  fileprivate mutating func swapBytes(elementByteCount: Int) {
    switch elementByteCount {
    case 2: swapElements(UInt16.self)
    case 4: swapElements(UInt32.self)
    case 8: swapElements(UInt64.self)
    default: break
    }
  }

  private mutating func swapElements<Pattern: FixedWidthInteger & BitwiseCopyable>(_ type: Pattern.Type) {
    var elements = mutableSpan(of: type)
    for position in elements.indices { elements[position] = elements[position].byteSwapped }
  }
}
