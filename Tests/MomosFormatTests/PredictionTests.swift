import MomosModel
import Testing

@testable import MomosFormat

struct PredictionTests {
  /// What a planner knows of a model before it has any data.
  private static func plan(_ model: Model) -> FilePlan {
    var identifiers: [MotifDictionary: Int] = [:]
    func facts(_ dictionary: MotifDictionary) -> DictionaryFacts {
      let identifier = identifiers[dictionary, default: identifiers.count]
      identifiers[dictionary] = identifier
      return DictionaryFacts(
        identifier: identifier, motifCount: dictionary.motifCount, blockLength: dictionary.blockLength,
        isOverlapping: dictionary.isOverlapping, elementType: dictionary.elementType,
        isAntipodal: dictionary.isAntipodal, hasZeroMotif: dictionary.hasZeroMotif, scale: dictionary.scale)
    }
    func facts(_ tensor: MosaicTensor) -> MosaicFacts {
      MosaicFacts(
        elementType: tensor.elementType, shape: tensor.shape, view: tensor.view, blocking: tensor.blocking,
        composition: tensor.composition,
        parts: tensor.parts.map { part in
          PartFacts(
            rowCount: part.rows?.count, columnCount: part.columns?.count,
            stages: part.stages.map { StageFacts(dictionary: facts($0.dictionary)) },
            rowScaleElementType: part.rowScale?.elementType)
        }, outlierCount: tensor.outliers.count)
    }
    let tensors = model.tensors.map { tensor in
      switch tensor.content {
      case .dense(let dense):
        PlannedTensor(name: tensor.name, content: .dense(dense.elementType, dense.shape, storedAs: nil))
      case .mosaic(let mosaic): PlannedTensor(name: tensor.name, content: .mosaic(facts(mosaic)))
      case .alias(let target): PlannedTensor(name: tensor.name, content: .alias(of: target))
      }
    }
    var provenance = model.provenance
    for position in provenance.tensors.indices {
      provenance.tensors[position].sourceDigest = 0
      provenance.tensors[position].bits = 0
      provenance.tensors[position].relativeError = 0
    }
    return FilePlan(
      tensors: tensors, graphs: model.graphs, operatorSets: model.operatorSets, provenance: provenance)
  }

  @Test func predictionIsExactForEveryFeature() throws {
    let model = try SampleModel.model()
    #expect(try MomosWriter.predictedByteCount(of: Self.plan(model)) == SampleModel.bytes().count)
  }

  @Test func predictionIsExactForStoredTypes() throws {
    let folder = try TemporaryFolder()
    let writer = try MomosWriter(path: folder.file("a.momos"))
    try writer.write(
      name: "t", dense: try Tensor([1, 2, 3] as [Float], shape: Shape([3])), storedAs: .float16)
    let plan = FilePlan(tensors: [
      PlannedTensor(name: "t", content: .dense(.float32, try Shape([3]), storedAs: .float16))
    ])
    #expect(try MomosWriter.predictedByteCount(of: plan) == writer.finish().byteCount)
  }

  @Test func smallestFileIsPredicted() throws {
    let tensor = try WorkedExample.tensor()
    let model = Model(tensors: [NamedTensor(name: "w", content: .mosaic(tensor))])
    #expect(try MomosWriter.predictedByteCount(of: Self.plan(model)) == 262)
  }

  @Test func invalidPlanIsRefused() throws {
    let scalar = PlannedTensor(name: "t", content: .dense(.float32, try Shape([]), storedAs: nil))
    let error = #expect(throws: FormatError.self) {
      try MomosWriter.predictedByteCount(of: FilePlan(tensors: [scalar, scalar]))
    }
    #expect(error?.rule == .h05)
  }
}
