// The weights of a directory: one file, or several that an index divides the tensors among, as transformers saves large models.

import JSON
package import ModelErrors

/// Tensors by name, whatever file they are in.
package struct TensorFiles: Sendable {
    /// What errors name: the file, or the index.
    package let path: String
    /// The files, in order.
    let files: [SafeTensors]
    /// Which of the files has a tensor.
    private let places: [String: Int]

    /// The files that a directory has, without opening them: the one file or the index first.
    ///
    /// - Returns: nil when there are no weights, in whatever format.
    /// - Throws: `ModelError` for an index that is none.
    static func paths(directory: String) throws(ModelError) -> [String]? {
        let path = directory + "/model.safetensors"
        if try isPresent(path) { return [path] }
        let index = path + ".index.json"
        guard try isPresent(index) else { return nil }
        return [index] + Set(try map(index).values).sorted().map { directory + "/" + $0 }
    }

    private init(path: String, files: [SafeTensors], places: [String: Int]) {
        self.path = path
        self.files = files
        self.places = places
    }

    /// The tensors of one file.
    init(_ file: SafeTensors) {
        self.init(path: file.path, files: [file], places: file.tensors.mapValues { _ in 0 })
    }

    /// Opens the files and reads their headers.
    ///
    /// - Throws: `ModelError` that names what is missing or damaged.
    package init(directory: String) throws(ModelError) {
        guard let paths = try Self.paths(directory: directory), paths.count > 1 else {
            self.init(try SafeTensors(directory: directory))
            return
        }
        var files: [SafeTensors] = []
        var numbers: [String: Int] = [:]
        for path in paths.dropFirst() {
            numbers[String(path.dropFirst(directory.count + 1))] = files.count
            files.append(try SafeTensors(path: path))
        }
        var places: [String: Int] = [:]
        for (name, file) in try Self.map(paths[0]) {
            guard let number = numbers[file], files[number].tensors[name] != nil else {
                throw ModelError(
                    "\(paths[0]) key weight_map key \(name)", "is \(file), which has no such tensor",
                    "download the files again")
            }
            places[name] = number
        }
        self.init(path: paths[0], files: files, places: places)
    }

    /// Tensors' files by name: all of them beside the index.
    private static func map(_ path: String) throws(ModelError) -> [String: String] {
        guard let octets = try readFile(path, limit: 16 << 20), let json = try? JSON(parsing: octets) else {
            throw ModelError(path, "is no JSON", "download the file again")
        }
        guard let map = json["weight_map"]?.object, !map.isEmpty else {
            throw ModelError("\(path) key weight_map", "is no object of files", "download the file again")
        }
        var files: [String: String] = [:]
        for (name, value) in map {
            guard let file = value.string, file.hasSuffix(".safetensors"), !file.utf8.contains(0x2f),
                !file.utf8.contains(0)
            else {
                throw ModelError(
                    "\(path) key weight_map key \(name)", "is \(value.text().prefix(80))",
                    "name a .safetensors file beside the index")
            }
            files[name] = file
        }
        guard Set(files.values).count <= 1_000 else {
            throw ModelError("\(path) key weight_map", "has more than 1000 files", "save the model in fewer")
        }
        return files
    }

    /// All names.
    package var names: Set<String> { Set(places.keys) }

    /// The sizes of a tensor; nil where there is none of that name.
    package func shape(of name: String) -> [Int]? {
        places[name].flatMap { files[$0].tensors[name]?.shape }
    }

    /// Reads some of a tensor's numbers in single precision, whatever they are.
    ///
    /// - Parameters:
    ///   - elements: within the tensor's.
    ///   - destination: room for as many.
    /// - Throws: `ModelError` for a tensor that is missing, of no floating-point type, or smaller.
    package func read(
        _ name: String, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        guard let place = places[name] else {
            throw ModelError(path, "has no tensor \(name)", "use the weights that belong to config.json")
        }
        try files[place].read(name, elements: elements, into: destination)
    }

    /// Whether there is a tensor.
    package func has(_ name: String) -> Bool { places[name] != nil }

    /// A tensor in single precision.
    ///
    /// - Throws: `ModelError` as `SafeTensors.floats`.
    func floats(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        guard let place = places[name] else {
            throw ModelError(path, "has no tensor \(name)", "use the weights that belong to config.json")
        }
        return try files[place].floats(name, shape: shape)
    }
}
