import MomosKernels
import MomosModel
import Testing

/// Convolutions of every form against the definition in float64.
struct ConvolutionMultiplierTests {
  struct Form: Sendable, CustomStringConvertible {
    var rows: Int
    var channels: Int
    var groups = 1
    var input: [Int]
    var kernel: [Int]
    var strides: [Int]?
    var dilations: [Int]?
    var padBegin: [Int]?
    var padEnd: [Int]?

    var description: String {
      "\(channels) channels \(input) to \(rows) by \(kernel) in \(groups), strides \(strides ?? [])"
    }

    var geometry: ConvolutionGeometry {
      let ones = input.map { _ in 1 }
      let (strides, dilations) = (strides ?? ones, dilations ?? ones)
      let begin = padBegin ?? input.map { _ in 0 }
      let end = padEnd ?? begin
      let output = input.indices.map { d in
        (input[d] + begin[d] + end[d] - dilations[d] * (kernel[d] - 1) - 1) / strides[d] + 1
      }
      return ConvolutionGeometry(
        channels: channels, groups: groups, input: input, kernel: kernel, strides: strides,
        dilations: dilations, padBegin: begin, output: output)
    }
  }

  static let forms: [Form] = [
    Form(rows: 10, channels: 3, input: [17, 19], kernel: [7, 7], strides: [2, 2], padBegin: [3, 3]),
    Form(rows: 17, channels: 130, input: [7, 7], kernel: [3, 3], padBegin: [1, 1]),
    Form(rows: 24, channels: 16, input: [14, 14], kernel: [3, 3], padBegin: [1, 1]),
    Form(rows: 9, channels: 40, input: [9, 31], kernel: [1, 1]),
    Form(rows: 9, channels: 40, input: [9, 31], kernel: [1, 1], strides: [2, 2]),
    Form(rows: 9, channels: 1100, input: [4, 5], kernel: [1, 1]),
    Form(
      rows: 8, channels: 8, groups: 2, input: [30, 5], kernel: [3, 2], strides: [1, 3], dilations: [2, 1],
      padBegin: [0, 2], padEnd: [3, 1]),
    Form(rows: 12, channels: 6, groups: 6, input: [23, 37], kernel: [3, 3], padBegin: [1, 1]),
    Form(
      rows: 6, channels: 6, groups: 6, input: [43, 37], kernel: [5, 5], strides: [2, 2], padBegin: [2, 1],
      padEnd: [2, 3]),
    Form(
      rows: 10, channels: 5, groups: 5, input: [40, 70], kernel: [3, 4], strides: [3, 2], dilations: [2, 3],
      padBegin: [1, 0], padEnd: [0, 5]),
    Form(
      rows: 4, channels: 4, input: [50], kernel: [5], strides: [2], dilations: [2], padBegin: [3], padEnd: [1]
    ),
    Form(
      rows: 6, channels: 4, groups: 2, input: [6, 7, 9], kernel: [3, 2, 3], strides: [1, 2, 1],
      dilations: [1, 1, 2], padBegin: [1, 0, 2], padEnd: [0, 1, 1]),
    Form(rows: 4, channels: 4, groups: 4, input: [3, 4, 5], kernel: [2, 2, 2]),
    Form(rows: 3, channels: 2, input: [1, 300], kernel: [1, 31], padBegin: [0, 15]),
    Form(rows: 1, channels: 1, input: [1, 1], kernel: [1, 1]),
    Form(rows: 5, channels: 2, input: [5, 5], kernel: [1, 1], padBegin: [2, 1], padEnd: [1, 3]),
    Form(rows: 4, channels: 3, input: [3, 3], kernel: [3, 3], dilations: [3, 3], padBegin: [4, 4]),
    Form(rows: 3, channels: 2, input: [40, 40], kernel: [33, 33], padBegin: [5, 5]),
  ]

  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  /// The definition, in float64.
  static func exact(
    _ geometry: ConvolutionGeometry, rows: Int, filters: [Float], input: [Float], batch: Int
  ) -> [Double] {
    let taps = positions(geometry.kernel)
    let pixels = positions(geometry.output)
    let groupChannels = geometry.channels / geometry.groups
    var output: [Double] = []
    for sample in 0..<batch {
      for row in 0..<rows {
        let firstChannel = row / (rows / geometry.groups) * groupChannels
        for pixel in pixels {
          var sum = 0.0
          for (number, tap) in taps.enumerated() {
            guard let offset = inputOffset(geometry, pixel: pixel, tap: tap) else { continue }
            for channel in 0..<groupChannels {
              let weight = filters[(row * groupChannels + channel) * taps.count + number]
              let image = (sample * geometry.channels + firstChannel + channel) * geometry.inputCount
              sum += Double(weight) * Double(input[image + offset])
            }
          }
          output.append(sum)
        }
      }
    }
    return output
  }

  private static func positions(_ dimensions: [Int]) -> [[Int]] {
    dimensions.reduce([[]]) { all, count in all.flatMap { start in (0..<count).map { start + [$0] } } }
  }

  private static func inputOffset(_ geometry: ConvolutionGeometry, pixel: [Int], tap: [Int]) -> Int? {
    var offset = 0
    for d in pixel.indices {
      let position = pixel[d] * geometry.strides[d] - geometry.padBegin[d] + tap[d] * geometry.dilations[d]
      guard (0..<geometry.input[d]).contains(position) else { return nil }
      offset = offset * geometry.input[d] + position
    }
    return offset
  }

  private func convolved(
    _ multiplier: ConvolutionMultiplier, _ geometry: ConvolutionGeometry, _ input: [Float], batch: Int,
    bias: [Float]? = nil, residual: [Float]? = nil, bounds: ClosedRange<Float> = -.infinity ... .infinity,
    threadCount: Int = 1
  ) -> [Float] {
    let pool = ThreadPool(threadCount: threadCount)
    var output = [Float](repeating: .nan, count: batch * multiplier.rows * geometry.pixelCount)
    var scratch = [Float](
      repeating: .nan, count: multiplier.scratchCount(geometry, batch: batch, pool: pool))
    var outputSpan = output.mutableSpan
    var scratchSpan = scratch.mutableSpan
    multiplier.convolve(
      input.span, batch: batch, geometry: geometry, bias: bias?.span, residual: residual?.span,
      bounds: bounds,
      into: &outputSpan, scratch: &scratchSpan, pool: pool)
    return output
  }

  private func relativeError(_ found: [Float], _ exact: [Double]) -> Double {
    var error = 0.0
    var norm = 0.0
    for (found, exact) in zip(found, exact) {
      error += (Double(found) - exact) * (Double(found) - exact)
      norm += exact * exact
    }
    return (error / norm).squareRoot()
  }

  @Test(arguments: forms)
  func denseFiltersAgreeWithTheDefinition(form: Form) throws {
    let geometry = form.geometry
    let filters = normals(form.rows * geometry.columns, seed: 1)
    let input = normals(2 * form.channels * geometry.inputCount, seed: 2)
    let multiplier = try ConvolutionMultiplier(
      Tensor(filters, shape: Shape([form.rows, form.channels / form.groups] + form.kernel)))
    let outputs = [1, 2, 5].map {
      convolved(multiplier, geometry, input, batch: 2, threadCount: $0)
    }
    let exact = Self.exact(geometry, rows: form.rows, filters: filters, input: input, batch: 2)
    #expect(relativeError(outputs[0], exact) < 2e-6)
    #expect(outputs[1] == outputs[0] && outputs[2] == outputs[0])
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float64])
  func narrowFiltersAreWidened(type: ElementType) throws {
    for form in [Self.forms[2], Self.forms[7]] {
      let geometry = form.geometry
      let filters = try Tensor(
        rounding: normals(form.rows * geometry.columns, seed: 1), to: type,
        shape: Shape([form.rows, form.channels / form.groups] + form.kernel))
      let input = normals(form.channels * geometry.inputCount, seed: 2)
      let found = convolved(try ConvolutionMultiplier(filters), geometry, input, batch: 1)
      let exact = Self.exact(geometry, rows: form.rows, filters: filters.floats(), input: input, batch: 1)
      #expect(relativeError(found, exact) < 2e-6)
    }
  }

  @Test(arguments: [forms[0], forms[1], forms[6], forms[7], forms[11]])
  func mosaicsAgreeWithTheirReconstruction(form: Form) throws {
    let geometry = form.geometry
    let input = normals(form.channels * geometry.inputCount, seed: 2)
    let forms = [(8, 256), (4, 16)].map { PartMultiplierTests.Form(blockLength: $0.0, motifCount: $0.1) }
    let part = try RandomPart((form.rows, geometry.columns), forms: forms, hasRowScale: true)
    let filters = try Reconstruction(part.tensor).dense().floats()
    let multiplier = try ConvolutionMultiplier(
      rows: form.rows, columns: geometry.columns, parts: [try kernelPart(part)])
    let exact = Self.exact(geometry, rows: form.rows, filters: filters, input: input, batch: 1)
    let found = convolved(multiplier, geometry, input, batch: 1)
    #expect(relativeError(found, exact) < 2e-6)
    #expect(convolved(multiplier, geometry, input, batch: 1, threadCount: 3) == found)
  }

  @Test func groupsMayBePartsOfTheirOwn() throws {
    let form = Self.forms[6]
    let geometry = form.geometry
    let input = normals(form.channels * geometry.inputCount, seed: 2)
    var filters: [Float] = []
    var parts: [ConvolutionMultiplier.Part] = []
    for motifCount in [16, 256] {
      let part = try RandomPart(
        (form.rows / 2, geometry.columns),
        forms: [PartMultiplierTests.Form(blockLength: 4, motifCount: motifCount)], hasRowScale: true)
      filters += try Reconstruction(part.tensor).dense().floats()
      parts.append(try kernelPart(part))
    }
    let multiplier = try ConvolutionMultiplier(rows: form.rows, columns: geometry.columns, parts: parts)
    let exact = Self.exact(geometry, rows: form.rows, filters: filters, input: input, batch: 1)
    #expect(relativeError(convolved(multiplier, geometry, input, batch: 1), exact) < 2e-6)
  }

  private func kernelPart(_ part: RandomPart) throws -> ConvolutionMultiplier.Part {
    let facts = part.tensor.parts[0]
    return (
      stages: try facts.stages.map { ($0.mosaic, try ExecutableDictionary($0.dictionary)) },
      rowScale: facts.rowScale?.floats()
    )
  }

  /// By hand: two rows, sums 1 + 2 + 3 = 6 and -(1 + 2 + 3) at the middle pixel, with pads 1 + 2 and 2 + 3 beside it.
  @Test func biasResidualAndBoundsFollowTheSum() throws {
    let geometry = ConvolutionGeometry(
      channels: 1, input: [3], kernel: [3], strides: [1], dilations: [1], padBegin: [1], output: [3])
    let multiplier = try ConvolutionMultiplier(
      Tensor([1, 1, 1, -1, -1, -1] as [Float], shape: Shape([2, 1, 3])))
    let input: [Float] = [1, 2, 3]
    #expect(convolved(multiplier, geometry, input, batch: 1) == [3, 6, 5, -3, -6, -5])
    #expect(
      convolved(multiplier, geometry, input, batch: 1, bias: [10, 5], bounds: 0...15)
        == [13, 15, 15, 2, 0, 0])
    #expect(
      convolved(
        multiplier, geometry, input, batch: 1, residual: [0, 1, 2, 3, 4, 5], bounds: 0 ... .infinity)
        == [3, 7, 7, 0, 0, 0])
  }

  @Test func nanSurvivesBounds() throws {
    let geometry = ConvolutionGeometry(
      channels: 1, input: [2], kernel: [1], strides: [1], dilations: [1], padBegin: [0], output: [2])
    let multiplier = try ConvolutionMultiplier(Tensor([1] as [Float], shape: Shape([1, 1, 1])))
    let found = convolved(multiplier, geometry, [.nan, -1], batch: 1, bounds: 0...6)
    #expect(found[0].isNaN && found[1] == 0)
  }
}
