/// Windows that slide over spatial axes and are multiplied by filters.
enum ConvolutionOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry(
      "CausalConvWithState", CausalConvWithState.self, since: 27, inputs: 2...4, outputs: 1...2),
    OperatorEntry("Col2Im", Col2Im.self, since: 18, inputs: 3...3),
    OperatorEntry("Conv", Conv.self, inputs: 2...3),
    OperatorEntry("ConvTranspose", ConvTranspose.self, inputs: 2...3),
    OperatorEntry("DeformConv", DeformConv.self, since: 19, inputs: 3...5),
  ]
}
