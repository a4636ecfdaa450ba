// Language models' files: the head of a GGUF file, and what stands in it.

internal import GGUF

let ggufTargets = [
    // A file that begins rightly, with counts that are as likely to be small, and room for tensors behind it.
    FuzzTarget("gguf", longest: 2000) { input in
        var choices = Choices(input)
        let (tensors, keys) = (choices.octet(), choices.octet())
        let room = Int(choices.octet()) * 16
        var head = GGUFFile.magic + [3, 0, 0, 0]
        for count in [tensors, keys] { head += [count, 0, 0, 0, 0, 0, 0, 0] }
        guard let path = inMemory(head + choices.rest + [UInt8](repeating: 0x3c, count: room)),
            let file = try? GGUFFile(path: path)
        else { return }
        for (name, tensor) in file.tensors {
            var numbers = [Float](repeating: 0, count: tensor.rows * tensor.columns)
            let isRead = numbers.withUnsafeMutableBufferPointer {
                (try? file.read(tensor, rows: 0..<tensor.rows, into: $0)) != nil
            }
            require(isRead, "tensor \(name) of \(tensor.shape) is not read")
        }
    }
]
