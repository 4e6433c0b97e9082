import MomosModel

/// The tensors of a model by name, aliases resolved, in the forms that operators take: dense, as a weight matrix,
/// and as rows to look up.
struct ModelTensors: Sendable {
  private var contents: [String: TensorContent] = [:]
  private var linearWeights: [LinearWeightKey: LinearWeight] = [:]
  private var rowTables: [String: RowReconstruction] = [:]
  /// Tensors by the names of their transposes.
  private var transposes: [String: String] = [:]
  private var dictionaries = ExecutableDictionaries()
  private let precision: Precision

  /// - Throws: for two tensors of one name, and aliases of nothing.
  init(_ tensors: [NamedTensor], precision: Precision) throws(RuntimeError) {
    self.precision = precision
    for tensor in tensors {
      guard contents.updateValue(tensor.content, forKey: tensor.name) == nil else {
        throw .duplicateTensor(tensor.name)
      }
    }
    for tensor in tensors {
      guard case .alias(let target) = tensor.content else { continue }
      switch contents[target] {
      case .dense, .mosaic: continue
      case .alias, nil: throw .invalidAlias(tensor: tensor.name, target: target)
      }
    }
  }

  /// Adds transposes of matrices, which may be taken as weight matrices only.
  mutating func add(_ transposed: TransposedTensors) {
    transposes = transposed.sources
  }

  func contains(_ name: String) -> Bool { contents[name] != nil || transposes[name] != nil }

  /// The type of a tensor, in whatever form it is stored; nil if there is no such tensor.
  func type(of name: String) -> ValueType? {
    if let source = transposes[name] {
      return type(of: source).map {
        ValueType($0.elementType, Shape(rows: $0.shape[1], columns: $0.shape[0]))
      }
    }
    return switch contents[target(of: name)] {
    case .dense(let tensor): tensor.type
    case .mosaic(let mosaic): ValueType(mosaic.elementType, mosaic.shape)
    case .alias, nil: nil
    }
  }

  /// The tensor, or nil if it is stored as a mosaic.
  func dense(_ name: String) -> Tensor? {
    guard case .dense(let tensor) = contents[target(of: name)] else { return nil }
    return tensor
  }

  /// The rank of a tensor that may become a `LinearWeight`, nil for others: any mosaic, and dense tensors for
  /// which float32 arithmetic is enough.
  func linearRank(of name: String) -> Int? {
    if transposes[name] != nil { return 2 }
    if let tensor = dense(name), !tensor.elementType.isFloatingPoint || tensor.elementType == .float64 {
      return nil
    }
    return type(of: name)?.shape.rank
  }

  /// The tensor as a weight matrix, one for all nodes that take it in the same view.
  ///
  /// - Throws: `mosaicAxis` for a mosaic that was fitted in another view.
  mutating func linearWeight(_ name: String, _ view: MatrixView, for node: NodeLabel) throws(RuntimeError)
    -> LinearWeight
  {
    if let source = transposes[name] { return try linearWeight(source, view.ofTranspose, for: node) }
    let key = LinearWeightKey(tensor: target(of: name), view: view)
    if let weight = linearWeights[key] { return weight }
    if case .mosaic(let mosaic) = contents[key.tensor] { try check(mosaic, named: name, view, for: node) }
    let weight: LinearWeight
    do {
      weight = try linearWeight(contents[key.tensor], view)
    } catch {
      throw .model(error, place: "tensor \"\(name)\"")
    }
    linearWeights[key] = weight
    return weight
  }

  /// The rows of a mosaic, to be looked up.
  ///
  /// - Throws: `mosaicAxis` for a mosaic that was fitted in another view.
  mutating func rowTable(_ name: String, _ view: MatrixView, for node: NodeLabel) throws(RuntimeError)
    -> RowReconstruction
  {
    let target = target(of: name)
    if let table = rowTables[target] { return table }
    guard case .mosaic(let mosaic) = contents[target] else {
      preconditionFailure("only mosaics are looked up")
    }
    try check(mosaic, named: name, view, for: node)
    let table = RowReconstruction(mosaic)
    do {
      try table.requireMemory()
    } catch {
      throw .model(error, place: "tensor \"\(name)\"")
    }
    rowTables[target] = table
    return table
  }

  private func check(
    _ mosaic: MosaicTensor, named name: String, _ view: MatrixView, for node: NodeLabel
  ) throws(RuntimeError) {
    guard mosaic.blocking == .rows, mosaic.view != view else { return }
    throw .mosaicAxis(tensor: name, fitted: mosaic.view.inputAxes, node: node, needed: view.inputAxes)
  }

  private mutating func linearWeight(
    _ content: TensorContent?, _ view: MatrixView
  ) throws(ModelError) -> LinearWeight {
    switch content {
    case .mosaic(let mosaic):
      try LinearWeight(mosaic: mosaic, view: view, precision: precision, dictionaries: &dictionaries)
    case .dense(let tensor): try LinearWeight(dense: view.matrix(of: tensor), precision: precision)
    case .alias, nil: preconditionFailure("aliases were resolved")
    }
  }

  /// The tensor that holds the weights of a tensor: the target of an alias, what a transpose is made from, or itself.
  func holder(of name: String) -> String { target(of: transposes[name] ?? name) }

  /// Gives a tensor other weights; what others have arranged stays.
  ///
  /// - Parameter name: of a tensor that is no alias.
  mutating func replace(_ name: String, by content: TensorContent) {
    contents[name] = content
    rowTables[name] = nil
    for key in linearWeights.keys where key.tensor == name { linearWeights[key] = nil }
  }

  private func target(of name: String) -> String {
    if case .alias(let target) = contents[name] { target } else { name }
  }
}

private struct LinearWeightKey: Hashable, Sendable {
  let tensor: String
  let view: MatrixView
}

extension MatrixView {
  /// The axes of the tensor that are columns of the matrix.
  fileprivate var inputAxes: [Int] { Array(permutation[rowAxes...]) }
}
