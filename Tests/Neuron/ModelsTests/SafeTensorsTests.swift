import ModelErrors
import NeuronProgram
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite("Safetensors files")
struct SafeTensorsTests {
    private func file(_ header: String, data: [UInt8], announced: UInt64? = nil) -> [UInt8] {
        let length = announced ?? UInt64(header.utf8.count)
        return withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8) + data
    }

    @Test(
        "F32, F16 and BF16 become single precision",
        arguments: [
            ("F32", [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1], [1, -10]),
            ("BF16", [0x80, 0x3f, 0x20, 0xc1], [1, -10]),
            ("F16", [0x00, 0x3c, 0x00, 0xc9], [1, -10]),
            ("F16", [0x01, 0x00, 0xff, 0x83], [0x1p-24, -1023 * 0x1p-24]),
            ("F16", [0xff, 0x7b, 0x00, 0x80], [65504, -0.0]),
        ] as [(String, [UInt8], [Float])])
    func types(type: String, data: [UInt8], expected: [Float]) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/m.safetensors"
        let header =
            #"{"__metadata__":{"format":"pt"},"t":{"dtype":"\#(type)","shape":[2,1],"data_offsets":[0,\#(data.count)]}}"#
        try Files.write(path, file(header, data: data))
        #expect(try SafeTensors(path: path).floats("t", shape: [2, 1]) == expected)
    }

    static let damages:
        [(name: String, header: String, announced: UInt64?, data: Int, subject: String, problem: String)] = [
            (
                "a header longer than the file", "{}", 3, 0, "",
                "announces a header of 3 bytes, with 10 bytes in the file and at most 16777216 allowed"
            ),
            (
                "a header of absurd length", "{}", .max, 0, "",
                "announces a header of 18446744073709551615 bytes, with 10 bytes in the file and at most 16777216 allowed"
            ),
            ("a header that is a list", "[]", nil, 0, "", "has a header that is no JSON object"),
            (
                "a tensor behind the end", #"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, nil, 4,
                " tensor t", "ends at byte 70, behind the file's end at 66"
            ),
            (
                "a range that runs backwards", #"{"t":{"dtype":"F32","shape":[0],"data_offsets":[8,4]}}"#,
                nil, 8, " tensor t", "lies at bytes 8 to 4, which is no range"
            ),
            (
                "a negative place", #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, nil, 8,
                " tensor t", "lies at bytes -4 to 0, which is no range"
            ),
            (
                "a place at the end of all numbers",
                #"{"t":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}"#,
                nil, 8, " tensor t",
                "lies at bytes 9223372036854775806 to 9223372036854775807, which is no range"
            ),
            (
                "a shape that does not fit its bytes",
                #"{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, nil, 8, " tensor t",
                "of type F32 and shape [3] has 8 bytes"
            ),
            (
                "a shape whose product overflows",
                #"{"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, nil, 8,
                " tensor t", "of type F32 and shape [4611686018427387904, 4] has 0 bytes"
            ),
            (
                "a negative extent", #"{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#, nil, 8,
                " tensor t", "lacks a dtype, shape or data_offsets"
            ),
            (
                "two tensors of the same octets",
                #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"t":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
                nil, 6, " tensor t", "begins at byte 115, where what is before it ends at byte 117"
            ),
            (
                "a hole between tensors",
                #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"t":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}"#,
                nil, 6, " tensor t", "begins at byte 118, where what is before it ends at byte 117"
            ),
            (
                "octets of nobody at the start", #"{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
                nil, 2,
                " tensor t", "begins at byte 62, where what is before it ends at byte 61"
            ),
            (
                "octets of nobody at the end", #"{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, nil,
                9,
                "", "has 8 bytes behind its last tensor"
            ),
            (
                "three offsets", #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, nil, 8,
                " tensor t", "lacks a dtype, shape or data_offsets"
            ),
        ]

    @Test("damage is named with file, value and mend", arguments: damages)
    func damage(
        damage: (
            name: String, header: String, announced: UInt64?, data: Int, subject: String, problem: String
        )
    ) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/m.safetensors"
        try Files.write(
            path,
            file(damage.header, data: [UInt8](repeating: 0, count: damage.data), announced: damage.announced))
        #expect(throws: ModelError(path + damage.subject, damage.problem, "download the file again")) {
            try SafeTensors(path: path)
        }
    }

    @Test("every truncation and every single damaged byte of a model is an error or harmless, never a trap")
    func fuzz() throws {
        let directory = try TemporaryDirectory()
        let model = directory.path + "/model"
        try SyntheticModel(hiddenSize: 4, layerCount: 1, headCount: 1, intermediateSize: 4).write(to: model)
        let path = model + "/model.safetensors"
        let whole = try Files.read(path)
        let configuration = try ModelConfiguration(directory: model)
        let headerEnd = 8 + Int(whole[0]) + Int(whole[1]) << 8
        var refused = 0
        for length in stride(from: 0, to: whole.count, by: 997) {
            try Files.write(path, Array(whole[..<length]))
            #expect(throws: ModelError.self) {
                _ = try ModelWeights(
                    TensorFiles(SafeTensors(path: path)), .bert, configuration: configuration, degree: 1)
            }
        }
        for index in stride(from: 0, to: headerEnd, by: 13) {
            var damaged = whole
            damaged[index] ^= UInt8(1 << (index % 8))
            try Files.write(path, damaged)
            do throws(ModelError) {
                _ = try ModelWeights(
                    TensorFiles(SafeTensors(path: path)), .bert, configuration: configuration, degree: 1)
            } catch {
                refused += 1
            }
        }
        #expect(refused > headerEnd / 60)
    }

    @Test("a missing file, a missing tensor, another shape and another type are told apart")
    func lookups() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/m.safetensors"
        #expect(
            throws: ModelError(
                path, "cannot be opened (No such file or directory)", "check the model's path and its rights")
        ) { try SafeTensors(path: path) }
        try Files.write(
            path,
            file(
                #"{"t":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#,
                data: Array(repeating: 0, count: 8)))
        let tensors = try SafeTensors(path: path)
        #expect(throws: ModelError(path, "has no tensor u", "use the weights of a BERT encoder")) {
            try tensors.floats("u", shape: [1])
        }
        #expect(
            throws: ModelError(
                path + " tensor t", "has shape [1], where config.json says [2]",
                "use the config.json and the model.safetensors of one model")
        ) { try tensors.floats("t", shape: [2]) }
        #expect(throws: ModelError(path + " tensor t", "has type I64", "convert it to F32, F16 or BF16")) {
            try tensors.floats("t", shape: [1])
        }
    }
}
