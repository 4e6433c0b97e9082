import FoundationEssentials
import Momos
import MomosModel
import MomosTestSupport
import Testing

/// What a conversion records of the quality of each tensor.
struct RecordedQualityTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    let images = try NPYFixture.tensor(
      at: URL(filePath: Fixtures.path + "/sources/digits-mlp/test_images.npy"), elementType: .uint8)
    try NPYFixture.write(
      Tensor(elementType: .uint8, shape: try Shape([48, 64]), bytes: images.bytes[0..<48 * 64]),
      to: folder.file("images.npy"))
  }

  private func conversion(_ change: (inout ConversionOptions) -> Void) throws -> Conversion {
    var options = ConversionOptions(
      sources: [Fixtures.path + "/onnx/digits-cnn.onnx"], output: folder.file("model.momos"))
    options.threadCount = 1
    options.overwrites = true
    options.fit.goal = .bits(4)
    options.fit.effort = .fast
    options.calibration = ["images=" + folder.file("images.npy")]
    change(&options)
    return try Conversion(options)
  }

  private func recorded() throws -> [InspectionReport.TensorReport] {
    try Inspection(path: folder.file("model.momos")).report().tensors
  }

  @Test func aFileShowsWhatTheReportSaid() throws {
    let conversion = try conversion { _ in }
    let report = try conversion.run(conversion.plan())
    let fitted = report.tensors.filter {
      $0.className.hasPrefix("overlapping") || $0.className.hasPrefix("s")
    }
    #expect(!fitted.isEmpty)
    for tensor in fitted {
      let found = try #require(try recorded().first { $0.name == tensor.name })
      #expect(tensor.predictedLoss != nil && found.recordedPredictedLoss == tensor.predictedLoss)
      #expect(tensor.outputError != nil && found.recordedOutputError == tensor.outputError)
      #expect(found.recordedRelativeError == tensor.relativeError)
      #expect(found.recordedMeasuredLoss == nil)
    }
    let predicted = fitted.compactMap(\.predictedLoss).reduce(0, +)
    #expect(abs(try #require(report.predictedLoss) - predicted) < 1e-12)
  }

  /// The loss of the model with one tensor replaced, by executing it with what the file holds.
  @Test func lossesAreMeasuredAtMaximumEffort() throws {
    let conversion = try conversion { $0.fit.effort = .max }
    let report = try conversion.run(conversion.plan())
    let loss = try #require(conversion.measuredLoss)
    let inspection = try Inspection(path: folder.file("model.momos"))
    for tensor in report.tensors where tensor.outputError != nil {
      let replaced = try loss.loss(replacing: [tensor.name: .dense(inspection.dense(tensor.name))])
      let measured = try #require(tensor.measuredLoss)
      #expect(abs(measured - replaced) < 1e-4 * replaced + 1e-7)
      #expect(try recorded().first { $0.name == tensor.name }?.recordedMeasuredLoss == measured)
    }
  }

  @Test func withoutCalibrationNothingIsClaimed() throws {
    let conversion = try conversion { $0.calibration = [] }
    let report = try conversion.run(conversion.plan())
    #expect(report.predictedLoss == nil)
    for tensor in try recorded() {
      #expect(tensor.recordedOutputError == nil && tensor.recordedPredictedLoss == nil)
      #expect(tensor.recordedMeasuredLoss == nil)
    }
  }

  @Test(arguments: [FitOptions.Effort.fast, .max])
  func aPreviewCountsWhatIsRecorded(effort: FitOptions.Effort) throws {
    let conversion = try conversion {
      $0.fit.effort = effort
      $0.compresses = false
    }
    let plan = try conversion.plan()
    let preview = try conversion.preview(plan)
    #expect(preview.isExact)
    #expect(try conversion.run(plan).fileByteCount == preview.fileByteCount)
  }
}
