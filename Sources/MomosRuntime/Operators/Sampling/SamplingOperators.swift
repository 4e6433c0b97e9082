/// Images and signals read between and beyond their elements.
enum SamplingOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("AffineGrid", AffineGrid.self, since: 20, inputs: 2...2),
    OperatorEntry("CenterCropPad", CenterCropPad.self, since: 18, inputs: 2...2),
    OperatorEntry("GridSample", GridSample.self, since: 16, inputs: 2...2),
    OperatorEntry("Resize", Resize.self, since: 10, inputs: 1...4),
    OperatorEntry("Upsample", Upsample.self, since: 7, inputs: 1...2),
  ]
}
