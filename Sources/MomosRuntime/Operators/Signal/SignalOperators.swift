/// Spectra and what they are made with.
enum SignalOperators {
  static let table: [OperatorEntry] = [
    OperatorEntry("BlackmanWindow", BlackmanWindow.self, since: 17, inputs: 1...1),
    OperatorEntry("DFT", DFT.self, since: 17, inputs: 1...3),
    OperatorEntry("HammingWindow", HammingWindow.self, since: 17, inputs: 1...1),
    OperatorEntry("HannWindow", HannWindow.self, since: 17, inputs: 1...1),
    OperatorEntry("MelWeightMatrix", MelWeightMatrix.self, since: 17, inputs: 5...5),
    OperatorEntry("STFT", STFT.self, since: 17, inputs: 2...4),
  ]
}
