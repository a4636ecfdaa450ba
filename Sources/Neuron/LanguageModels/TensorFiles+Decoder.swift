// A folder's tensors as a decoder's weights.

import ModelErrors
import Models
import NeuronProgram

extension TensorFiles: DecoderTensors {
    func tensor(_ name: String) -> StoredTensor? {
        guard let shape = shape(of: name), (1...2).contains(shape.count) else { return nil }
        return StoredTensor(
            columns: shape[shape.count - 1], rows: shape.count == 2 ? shape[0] : 1, quantised: nil)
    }

    func read(
        _ name: String, rows: Range<Int>, into out: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        let width = tensor(name)?.columns ?? 0
        try read(name, elements: rows.lowerBound * width..<rows.upperBound * width, into: out)
    }

    func read(
        _ name: String, rows: Range<Int>, numbers: UnsafeMutablePointer<UInt8>,
        scales: UnsafeMutablePointer<Float>, leasts: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        throw ModelError("\(path) tensor \(name)", "is not quantised", "read it as it is")
    }
}
