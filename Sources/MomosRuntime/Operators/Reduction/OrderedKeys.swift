import MomosModel

/// Integers in the order of the elements of a tensor, whatever their type: equal ones for equal elements, with 0 and -0
/// equal and NaNs equal and at one end.
///
/// What only compares elements needs no type of theirs.
struct OrderedKeys {
  /// Elements of which keys are made at a time.
  static let pieceLength = 1024
  /// Turns uint64 around, so that its order is that of Int64.
  private static let unsignedFlip = Int64.min

  private let tensor: Tensor
  /// Turns the order around.
  private let flip: Int64
  private let notANumber: Int64

  /// - Parameters:
  ///   - takesLargest: whether the largest element has the largest key, or the smallest one.
  ///   - isNaNFirst: whether a NaN has the largest key of all, or the smallest.
  init(_ tensor: Tensor, takesLargest: Bool = true, isNaNFirst: Bool = true) {
    self.tensor = tensor
    flip = takesLargest ? 0 : -1
    notANumber = isNaNFirst ? .max : .min
  }

  /// Writes the keys of the elements at `start`, `start + stride`, ..., as many as `keys` has.
  @inline(never)
  func write(from start: Int, stride: Int, to keys: inout MutableSpan<Int64>) {
    switch tensor.elementType {
    case .float32: reals(start, stride, &keys, infinity: Int32(bitPattern: Float.infinity.bitPattern))
    case .float64: reals(start, stride, &keys, infinity: Int64(bitPattern: Double.infinity.bitPattern))
    case .float16: reals(start, stride, &keys, infinity: Int16(0x7C00))
    case .bfloat16: reals(start, stride, &keys, infinity: Int16(0x7F80))
    case .int8: integers(start, stride, &keys, Int8.self)
    case .uint8, .bool: integers(start, stride, &keys, UInt8.self)
    case .int16: integers(start, stride, &keys, Int16.self)
    case .uint16: integers(start, stride, &keys, UInt16.self)
    case .int32: integers(start, stride, &keys, Int32.self)
    case .uint32: integers(start, stride, &keys, UInt32.self)
    case .int64: integers(start, stride, &keys, Int64.self)
    case .uint64: integers(start, stride, &keys, Int64.self, Self.unsignedFlip)
    }
  }

  private func integers<Number: FixedWidthInteger & BitwiseCopyable>(
    _ start: Int, _ stride: Int, _ keys: inout MutableSpan<Int64>, _ number: Number.Type,
    _ unsignedFlip: Int64 = 0
  ) {
    let flip = flip ^ unsignedFlip
    convert(start, stride, &keys, number) { Int64(truncatingIfNeeded: $0) ^ flip }
  }

  /// - Parameter infinity: its bits; those of a NaN are larger.
  private func reals<Pattern: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ start: Int, _ stride: Int, _ keys: inout MutableSpan<Int64>, infinity: Pattern
  ) {
    let flip = Pattern(truncatingIfNeeded: flip)
    let notANumber = notANumber > 0 ? Pattern.max : Pattern.min
    convert(start, stride, &keys, Pattern.self) { bits in
      // The bits are a magnitude below a sign.
      let (magnitude, sign) = (bits & Pattern.max, bits &>> Pattern(truncatingIfNeeded: Pattern.bitWidth - 1))
      let key = ((magnitude ^ sign) &- sign) ^ flip
      return Int64(truncatingIfNeeded: magnitude > infinity ? notANumber : key)
    }
  }

  @inline(__always)
  private func convert<Element: BitwiseCopyable>(
    _ start: Int, _ stride: Int, _ keys: inout MutableSpan<Int64>, _ element: Element.Type,
    _ key: (Element) -> Int64
  ) {
    let values = tensor.bytes.span(of: element)
    if stride == 1 {
      let run = values.extracting(start..<(start + keys.count))
      for index in keys.indices { keys[index] = key(run[index]) }
    } else {
      for index in keys.indices { keys[index] = key(values[start + index * stride]) }
    }
  }
}
