import MomosKernels
import MomosModel

extension OperatorCall {
  /// The tensor in another element type; in its own type the tensor itself.
  ///
  /// Real numbers are rounded to nearest, ties to even, to a real type, and truncated toward zero to an integer type:
  /// what lies outside it becomes its nearest limit, a NaN zero. Integers keep their low bits in an integer type.
  /// As a bool everything but zero is true.
  func cast(_ tensor: Tensor, to elementType: ElementType) throws(RuntimeError) -> Tensor {
    let type = ValueType(elementType, tensor.shape)
    switch (tensor.elementType, elementType) {
    case (let source, elementType) where source == elementType:
      return tensor
    case (.float16, .float32): return try widened(tensor, from: .float16, to: type)
    case (.bfloat16, .float32): return try widened(tensor, from: .bfloat16, to: type)
    case (.float32, .float16): return try narrowed(tensor, to: .float16, type)
    case (.float32, .bfloat16): return try narrowed(tensor, to: .bfloat16, type)
    case (.float64, .float16):
      return try mapped(tensor, Double.self, to: type, Float16.self) { Float16($0) }
    case (.float16, _), (.bfloat16, _):
      return try cast(try cast(tensor, to: .float32), to: elementType)
    case (_, .float16), (_, .bfloat16):
      return try cast(try cast(tensor, to: .float32), to: elementType)
    case (.bool, .uint8): return try mapped(tensor, to: type, truthLoop(of: UInt8.self))
    case (.bool, _):
      return try cast(try cast(tensor, to: .uint8), to: elementType)
    default:
      return try mapped(tensor, to: type, tensor.elementType.visit(SourceConversion(target: elementType)))
    }
  }

  private func widened(
    _ tensor: Tensor, from format: NarrowFormat, to type: ValueType
  ) throws(RuntimeError) -> Tensor {
    let values = tensor.bytes.span(of: UInt16.self)
    return try self.tensor(type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      VectorKernels.widen(values, from: format, into: &target, pool: pool)
    }
  }

  private func narrowed(
    _ tensor: Tensor, to format: NarrowFormat, _ type: ValueType
  ) throws(RuntimeError) -> Tensor {
    let values = tensor.bytes.span(of: Float.self)
    return try self.tensor(type, of: UInt16.self, zeroed: false) { (target) throws(RuntimeError) in
      VectorKernels.narrow(values, to: format, into: &target, pool: pool)
    }
  }
}

extension FixedWidthInteger {
  /// The number without its fraction; the nearest limit where it lies outside the type, zero for NaN.
  @inline(__always)
  init<Number: RealNumber>(saturating x: Number) {
    // Where the upper limit is not exact it is rounded up, to a power of two.
    let upper =
      Self.isSigned
      ? Number(Int64(truncatingIfNeeded: Self.max)) : Number(UInt64(truncatingIfNeeded: Self.max))
    let lower = Number(Int64(truncatingIfNeeded: Self.min))
    if x >= upper {
      self = .max
    } else if x > lower {
      self =
        Self.isSigned
        ? Self(truncatingIfNeeded: x.signedInteger) : Self(truncatingIfNeeded: x.unsignedInteger)
    } else {
      self = x.isNaN ? 0 : .min
    }
  }
}

/// What is true becomes 1.
private func truthLoop<Source: BitwiseCopyable & Numeric>(of source: Source.Type) -> ElementLoop {
  { bytes, memory in memory.map(bytes) { (x: Source) -> UInt8 in x != 0 ? 1 : 0 } }
}

/// Finds the loop that converts from a type.
private struct SourceConversion: NumberVisitor {
  let target: ElementType

  func visit<Source: RealNumber>(real source: Source.Type) throws(RuntimeError) -> ElementLoop {
    switch target {
    case .bool: truthLoop(of: source)
    case .float32: { bytes, memory in memory.map(bytes) { (x: Source) in Float(x) } }
    case .float64: { bytes, memory in memory.map(bytes) { (x: Source) in Double(x) } }
    default: try target.visitInteger(RealConversion<Source>())
    }
  }

  func visit<Source: FixedWidthInteger & BitwiseCopyable>(integer source: Source.Type) -> ElementLoop {
    switch target {
    case .bool: return truthLoop(of: source)
    case .float32: return { bytes, memory in memory.map(bytes) { (x: Source) in Float(x) } }
    case .float64: return { bytes, memory in memory.map(bytes) { (x: Source) in Double(x) } }
    default: break
    }
    // Of an integer to convert to only the width matters.
    switch target.byteCount {
    case 1: return truncationLoop(source, UInt8.self)
    case 2: return truncationLoop(source, UInt16.self)
    case 4: return truncationLoop(source, UInt32.self)
    default: return truncationLoop(source, UInt64.self)
    }
  }

  private func truncationLoop<
    Source: FixedWidthInteger & BitwiseCopyable, Target: FixedWidthInteger & BitwiseCopyable
  >(
    _ source: Source.Type, _ target: Target.Type
  ) -> ElementLoop {
    { bytes, memory in memory.map(bytes) { (x: Source) in Target(truncatingIfNeeded: x) } }
  }
}

/// Finds the loop that converts from a real type to a type of integers.
private struct RealConversion<Source: RealNumber>: IntegerVisitor {
  func visit<Number: FixedWidthInteger & BitwiseCopyable>(integer number: Number.Type) -> ElementLoop {
    { bytes, memory in memory.map(bytes) { (x: Source) in Number(saturating: x) } }
  }
}
