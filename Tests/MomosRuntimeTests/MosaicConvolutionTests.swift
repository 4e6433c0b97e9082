import MomosModel
import MomosRuntime
import Testing

/// Convolutions whose filters are stored as a mosaic: [[1, 2], [3, 4]] and [[3, 4], [1, 2]].
struct MosaicConvolutionTests {
  private let filters: MosaicTensor

  init() throws {
    filters = try TestModel.mosaic(
      view: MatrixView(permutation: [0, 1, 2, 3], rowAxes: 1), shape: Shape([2, 1, 2, 2]))
  }

  private func output(
    _ filters: MosaicTensor, _ input: [Float], _ dimensions: [Int],
    _ attributes: [String: AttributeValue] = [:]
  ) throws -> Tensor? {
    var model = TestModel.make([TestModel.node("Conv", ["x", "w"], ["y"], attributes)])
    model.tensors = [NamedTensor(name: "w", content: .mosaic(filters))]
    let x = try Tensor(input, shape: Shape(dimensions))
    return try ExecutionPlan(model: model, precision: .exact).execute(["x": x])["y"]
  }

  @Test func filtersConvolveAnImage() throws {
    // Rows 1 10 100 and 1000 0 0, so that each decimal place of an output shows one weight.
    let found = try output(filters, [1, 10, 100, 1000, 0, 0], [1, 1, 2, 3])
    #expect(found == (try Tensor([3021, 210, 1043, 430] as [Float], shape: Shape([1, 2, 1, 2]))))
  }

  @Test func filtersOfGroupsSeeTheirOwnChannels() throws {
    let found = try output(
      filters, [1, 10, 100, 1000, 1, 1, 1, 1], [1, 2, 2, 2], ["group": .int(2)])
    #expect(found == (try Tensor([4321, 10] as [Float], shape: Shape([1, 2, 1, 1]))))
  }

  @Test func outliersAreAdded() throws {
    let withOutlier = MosaicTensor(
      elementType: .float32, shape: filters.shape, view: filters.view, parts: filters.parts,
      outliers: Outliers(rows: [1], columns: [2], values: [5]))
    let found = try output(withOutlier, [1, 10, 100, 1000], [1, 1, 2, 2])
    #expect(found == (try Tensor([4321, 2643] as [Float], shape: Shape([1, 2, 1, 1]))))
  }

  @Test func filtersOfAFlatMosaicConvolve() throws {
    let stage = filters.parts[0].stages[0]
    let mosaic = try Mosaic(
      packing: [0, 1, 1, 0], rowCount: 1, blockCount: 4, blockLength: 2, indexWidth: 1)
    let flat = MosaicTensor(
      elementType: .float32, shape: filters.shape, view: filters.view, blocking: .flat,
      parts: [MosaicPart(stages: [Stage(dictionary: stage.dictionary, mosaic: mosaic)])])
    let found = try output(flat, [1, 10, 100, 1000], [1, 1, 2, 2])
    #expect(found == (try Tensor([4321, 2143] as [Float], shape: Shape([1, 2, 1, 1]))))
  }

  @Test func filtersFittedInAnotherViewAreRefused() throws {
    let other = MosaicTensor(
      elementType: .float32, shape: try Shape([2, 1, 2, 2]),
      view: MatrixView(permutation: [0, 2, 3, 1], rowAxes: 1), parts: filters.parts)
    #expect(
      throws: RuntimeError.mosaicAxis(
        tensor: "w", fitted: [2, 3, 1], node: TestModel.label("Conv"), needed: [1, 2, 3])
    ) { try output(other, [1, 10, 100, 1000], [1, 1, 2, 2]) }
  }
}
