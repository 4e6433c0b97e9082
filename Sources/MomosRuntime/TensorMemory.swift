import MomosKernels
import MomosModel

/// The memory of a tensor until all of its elements are written.
///
/// What only moves elements needs no type of theirs: long runs are copied as bytes, single elements by their width.
struct TensorMemory: ~Copyable {
  let type: ValueType
  var bytes: MutableBytes

  init(_ type: ValueType, _ bytes: consuming MutableBytes) {
    self.type = type
    self.bytes = bytes
  }

  /// The memory as elements of a type as wide as, or a divisor of, an element.
  @_lifetime(&self)
  mutating func elements<Element: BitwiseCopyable>(of element: Element.Type) -> MutableSpan<Element> {
    bytes.mutableSpan(of: element)
  }

  /// Ends writing.
  consuming func tensor() -> Tensor {
    Tensor(elementType: type.elementType, shape: type.shape, bytes: bytes.freeze())
  }
}

extension OperatorCall {
  /// Memory for a tensor of the given type; an output that has this very type is given its place among the values of
  /// the graph.
  /// - Parameter zeroed: whether the elements are zero at first; without it each of them has to be written.
  @inline(never)
  func memory(_ type: ValueType, zeroed: Bool = false) throws(RuntimeError) -> TensorMemory {
    if var memory = outputMemory?.take(type) {
      if zeroed { memory.clear() }
      return TensorMemory(type, memory)
    }
    do {
      return TensorMemory(type, try MutableBytes(byteCount: type.byteCount))
    } catch {
      throw .model(error, place: label.description)
    }
  }
}

/// Equally long runs of a tensor's elements: one from each sum of a start and an offset, the offsets in the inner loop.
struct Runs {
  let starts: [Int]
  var offsets = [0]
  let length: Int

  /// Runs of fewer bytes are moved element by element.
  static let leastByteCount = 32
}

extension TensorMemory {
  /// Copies all elements of a tensor that has as many of the same width.
  mutating func copy(_ source: Tensor) {
    var target = elements(of: UInt8.self)
    ByteCopy.copy(source.bytes.span(of: UInt8.self), to: &target, at: 0)
  }

  /// Sets every element to the first one of a tensor of the same width.
  mutating func fill(with element: Tensor) {
    switch type.elementType.byteCount {
    case 1: fill(element, UInt8.self)
    case 2: fill(element, UInt16.self)
    case 4: fill(element, UInt32.self)
    default: fill(element, UInt64.self)
    }
  }

  /// Writes runs of `source` one after the other.
  mutating func gather(_ source: Tensor, _ runs: Runs) {
    let width = type.elementType.byteCount
    guard runs.length * width < Runs.leastByteCount else { return gatherBytes(source, runs, width) }
    switch width {
    case 1: gather(source, runs, UInt8.self)
    case 2: gather(source, runs, UInt16.self)
    case 4: gather(source, runs, UInt32.self)
    default: gather(source, runs, UInt64.self)
    }
  }

  /// Replaces runs, in order, by the elements of `source`, which lie one after the other; a source of one element is
  /// repeated.
  mutating func scatter(_ source: Tensor, to runs: Runs) {
    let width = type.elementType.byteCount
    guard runs.length * width < Runs.leastByteCount || source.elementCount == 1 else {
      return scatterBytes(source, runs, width)
    }
    switch width {
    case 1: scatter(source, runs, UInt8.self)
    case 2: scatter(source, runs, UInt16.self)
    case 4: scatter(source, runs, UInt32.self)
    default: scatter(source, runs, UInt64.self)
    }
  }

  private mutating func fill<Pattern: BitwiseCopyable>(_ element: Tensor, _ pattern: Pattern.Type) {
    let value = element.bytes.span(of: pattern)[0]
    var target = elements(of: pattern)
    target.update(repeating: value)
  }

  private mutating func gatherBytes(_ source: Tensor, _ runs: Runs, _ width: Int) {
    let values = source.bytes.span(of: UInt8.self)
    var target = elements(of: UInt8.self)
    let count = runs.length * width
    var place = 0
    for start in runs.starts {
      for offset in runs.offsets {
        let first = (start + offset) * width
        ByteCopy.copy(values.extracting(first..<(first + count)), to: &target, at: place)
        place += count
      }
    }
  }

  @inline(never)
  private mutating func gather<Pattern: BitwiseCopyable>(
    _ source: Tensor, _ runs: Runs, _ pattern: Pattern.Type
  ) {
    let values = source.bytes.span(of: pattern)
    var target = elements(of: pattern)
    // The longer of both is the inner loop.
    let isOne = runs.offsets.count == 1
    let (starts, offsets) = isOne ? (runs.offsets, runs.starts) : (runs.starts, runs.offsets)
    var place = 0
    for start in starts {
      if runs.length == 1 {
        var results = target.part(place..<(place + offsets.count))
        for index in offsets.indices { results[index] = values[start + offsets[index]] }
        place += offsets.count
      } else {
        for offset in offsets {
          let run = values.extracting((start + offset)..<(start + offset + runs.length))
          var results = target.part(place..<(place + runs.length))
          for index in run.indices { results[index] = run[index] }
          place += runs.length
        }
      }
    }
  }

  private mutating func scatterBytes(_ source: Tensor, _ runs: Runs, _ width: Int) {
    let values = source.bytes.span(of: UInt8.self)
    var target = elements(of: UInt8.self)
    let count = runs.length * width
    var place = 0
    for start in runs.starts {
      for offset in runs.offsets {
        ByteCopy.copy(values.extracting(place..<(place + count)), to: &target, at: (start + offset) * width)
        place += count
      }
    }
  }

  @inline(never)
  private mutating func scatter<Pattern: BitwiseCopyable>(
    _ source: Tensor, _ runs: Runs, _ pattern: Pattern.Type
  ) {
    let values = source.bytes.span(of: pattern)
    let step = values.count == 1 ? 0 : 1
    var target = elements(of: pattern)
    if runs.length == 1 && runs.offsets.count == 1 && step == 1 {
      let (starts, offset) = (runs.starts, runs.offsets[0])
      for index in starts.indices { target[starts[index] + offset] = values[index] }
      return
    }
    var place = 0
    for start in runs.starts {
      for offset in runs.offsets {
        for index in 0..<runs.length {
          target[start + offset + index] = values[place]
          place += step
        }
      }
    }
  }
}
