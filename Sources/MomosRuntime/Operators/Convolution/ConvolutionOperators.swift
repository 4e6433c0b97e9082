/// Windows that slide over spatial axes and are multiplied by filters.
enum ConvolutionOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("Col2Im", Col2Im.self, since: 18, inputs: 3...3),
    OperatorEntry("Conv", Conv.self, inputs: 2...3),
    OperatorEntry("ConvTranspose", ConvTranspose.self, inputs: 2...3),
  ]
}
