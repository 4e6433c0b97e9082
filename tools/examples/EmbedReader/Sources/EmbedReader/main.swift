// Opens a .momos file, lists its tensors, multiplies by one matrix and runs the graph: all that a deployment
// tool needs, without the converter.
import MomosFormat
import MomosKernels
import MomosModel
import MomosRuntime

let reader = try MomosReader(path: CommandLine.arguments[1])
for tensor in reader.tensors {
  print(tensor.name, tensor.shape, tensor.kind.rawValue, "\(tensor.storedByteCount) bytes")
}

// y = W x, straight from the mosaic.
let pool = ThreadPool(threadCount: 2)
if case .mosaic(let mosaic) = try reader.load("fc1.weight") {
  var dictionaries = ExecutableDictionaries()
  let weight = try LinearWeight(
    mosaic: mosaic, view: mosaic.view, precision: .fast, dictionaries: &dictionaries)
  let input = [Float](repeating: 1, count: weight.columns)
  var output = [Float](repeating: 0, count: weight.rows)
  var result = output.mutableSpan
  try weight.multiply(input.span, batch: 1, into: &result, pool: pool)
  print("fc1.weight times ones:", output[0...2].map { ($0 * 1000).rounded() / 1000 }, "...")
}

// The whole network, for one blank image.
let plan = try ExecutionPlan(model: try reader.loadModel(), pool: pool)
let image = try Tensor([Float](repeating: 0, count: 64), shape: Shape([1, 64]))
let logits = try plan.execute(["images": image])["logits"]!.floats()
print("a blank image is class", logits.firstIndex(of: logits.max()!)!)
