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
    case (_, .bool):
      return try tensor.elementType.visit(TruthConversion(call: self, tensor: tensor))
    case (.bool, _):
      let truths = try mapped(tensor, UInt8.self) { $0 == 0 ? 0 : 1 }
      return try elementType.visit(IntegerConversion<UInt8>(call: self, tensor: truths, type: type))
    default:
      return try tensor.elementType.visit(SourceConversion(call: self, tensor: tensor, type: type))
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

private struct TruthConversion: NumberVisitor {
  let call: OperatorCall
  let tensor: Tensor

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    try call.mapped(tensor, number, to: ValueType(.bool, tensor.shape), UInt8.self) { $0 != 0 ? 1 : 0 }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.mapped(tensor, number, to: ValueType(.bool, tensor.shape), UInt8.self) { $0 != 0 ? 1 : 0 }
  }
}

/// Finds the type to convert from, then the one to convert to.
private struct SourceConversion: NumberVisitor {
  let call: OperatorCall
  let tensor: Tensor
  let type: ValueType

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    try type.elementType.visit(RealConversion<Number>(call: call, tensor: tensor, type: type))
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try type.elementType.visit(IntegerConversion<Number>(call: call, tensor: tensor, type: type))
  }
}

private struct RealConversion<Source: RealNumber>: NumberVisitor {
  let call: OperatorCall
  let tensor: Tensor
  let type: ValueType

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    try call.mapped(tensor, Source.self, to: type, number) { Number($0) }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.mapped(tensor, Source.self, to: type, number) { Number(saturating: $0) }
  }
}

private struct IntegerConversion<Source: FixedWidthInteger & BitwiseCopyable>: NumberVisitor {
  let call: OperatorCall
  let tensor: Tensor
  let type: ValueType

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    try call.mapped(tensor, Source.self, to: type, number) { Number($0) }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.mapped(tensor, Source.self, to: type, number) { Number(truncatingIfNeeded: $0) }
  }
}
