public import MomosModel

/// Element type and shape of a value during one execution.
public struct ValueType: Sendable, Hashable, CustomStringConvertible {
  public let elementType: ElementType
  public let shape: Shape

  public init(_ elementType: ElementType, _ shape: Shape) {
    self.elementType = elementType
    self.shape = shape
  }

  /// Bytes of all elements.
  var byteCount: Int { shape.elementCount * elementType.byteCount }

  /// For instance "f32 [1, 784]".
  public var description: String { "\(elementType.name) \(shape)" }
}

extension Tensor {
  /// Element type and shape.
  var type: ValueType { ValueType(elementType, shape) }
}
