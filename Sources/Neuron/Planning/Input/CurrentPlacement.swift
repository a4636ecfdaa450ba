// A fleet as it runs: what `plan --output json` has printed, the same in YAML, or a table with a line for each model.

package import Neuron

/// Which models are on which instances.
package struct CurrentPlacement: Equatable, Sendable {
    /// The file's name, for errors.
    package var file: String
    /// In the file's order.
    package var instances: [Instance]

    /// An instance that runs.
    package struct Instance: Equatable, Sendable {
        /// What the file calls it: a number, or its id.
        package var label: String
        /// Its type.
        package var type: InstanceType
        /// Its models.
        package var models: [Model]
    }

    /// A model on an instance.
    package struct Model: Equatable, Sendable {
        /// Its name, with `#2` behind it where it is one of several copies.
        package var name: String
        /// The first of its cores.
        package var core: Int
        /// Its line.
        package var line: Int
    }

    /// More instances or models than this are refused.
    static let most = PlanRecords.most

    /// Reads `instances` with `number`, `type` and `models` of `name` and `cores`, whatever else there is; or CSV with the columns
    /// `name`, `instance`, `type` and `cores`.
    ///
    /// - Throws: the first fault, with its line and name.
    package static func read(_ bytes: [UInt8], file: String) throws(PlanInputError) -> CurrentPlacement {
        guard bytes.contains(where: { $0 > 32 }) else {
            throw PlanInputError(
                file, "the file is empty: give it a fleet, such as plan --output json prints it")
        }
        guard bytes.allSatisfy({ $0 != 0 }) else {
            throw PlanInputError(file, "the file is not text: it has NUL octets")
        }
        var placement = CurrentPlacement(file: file, instances: [])
        if PlanRecords.isCSV(bytes, file: file) {
            try placement.take(try CSVReader.read(bytes, file: file))
        } else {
            try placement.take(try StructuredTree.read(bytes, file: file, list: "instances"))
        }
        guard !placement.instances.isEmpty else { throw PlanInputError(file, "there are no instances in it") }
        return placement
    }

    private mutating func take(_ tree: StructuredTree) throws(PlanInputError) {
        guard let list = (tree["instances"] ?? tree).elements else {
            throw PlanInputError(file, line: tree.line, "there is no list \"instances\"")
        }
        var labels: Set<String> = []
        var count = 0
        for (index, element) in list.enumerated() {
            let label = element["number"]?.text ?? element["instance"]?.text ?? "\(index + 1)"
            guard labels.insert(label).inserted else {
                throw PlanInputError(
                    file, line: element.line, "the instance \"\(label.prefix(80))\" is there twice")
            }
            guard let type = element["type"]?.text else {
                throw PlanInputError(
                    file, line: element.line, "the instance \"\(label.prefix(80))\" has no type")
            }
            var instance = Instance(label: label, type: try self.type(type, element.line), models: [])
            guard let models = element["models"]?.elements else {
                throw PlanInputError(
                    file, line: element.line, "the instance \"\(label.prefix(80))\" has no list \"models\"")
            }
            for model in models {
                count += 1
                try instance.models.append(
                    self.model(model["name"]?.text, model["cores"]?.text, type: instance.type, model.line))
            }
            guard count <= Self.most, instances.count < Self.most else {
                throw PlanInputError(
                    file, line: element.line, "more than \(Self.most) models: split the file")
            }
            instances.append(instance)
        }
    }

    private mutating func take(_ table: PlanRecords) throws(PlanInputError) {
        var places: [String: Int] = [:]
        for record in table.records {
            for field in record.fields where !["name", "instance", "type", "cores"].contains(field.name) {
                throw PlanInputError(
                    file, line: field.line,
                    "unknown column \"\(field.name.prefix(40))\": known are name, instance, type and cores")
            }
            guard let label = record.text("instance") else {
                throw PlanInputError(file, line: record.line, "a model without an instance")
            }
            guard let typeName = record.text("type") else {
                throw PlanInputError(
                    file, line: record.line, "the instance \"\(label.prefix(80))\" has no type")
            }
            let type = try self.type(typeName, record.line)
            let place = places[label] ?? instances.count
            if place == instances.count {
                places[label] = place
                instances.append(Instance(label: label, type: type, models: []))
            }
            guard instances[place].type == type else {
                throw PlanInputError(
                    file, line: record.line,
                    "the instance \"\(label.prefix(80))\" is \(type.name) here and \(instances[place].type.name) before"
                )
            }
            // A line without a model: an instance that is empty.
            guard record.text("name") != nil || record.text("cores") != nil else { continue }
            let model = try self.model(record.text("name"), record.text("cores"), type: type, record.line)
            instances[place].models.append(model)
        }
    }

    private func type(_ name: String, _ line: Int) throws(PlanInputError) -> InstanceType {
        do throws(UnknownInstanceType) { return try InstanceType.named(name) } catch {
            throw PlanInputError(file, line: line, "\(error)")
        }
    }

    /// A model with its cores: `4-7`, or `4`.
    private func model(
        _ name: String?, _ cores: String?, type: InstanceType, _ line: Int
    ) throws(PlanInputError) -> Model {
        guard let name else { throw PlanInputError(file, line: line, "a model without a name") }
        let parts = (cores ?? "").split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        guard let first = numbers.first, let last = numbers.last, numbers.count == parts.count,
            parts.count <= 2,
            first <= last
        else {
            throw PlanInputError(
                file, line: line,
                "cores of \"\(name.prefix(80))\" are \"\((cores ?? "").prefix(40))\": write such as 4-7, or 4"
            )
        }
        guard last < type.coreCount() else {
            throw PlanInputError(
                file, line: line,
                "\"\(name.prefix(80))\" is on core \(last) of \(type.name), which has \(type.coreCount()): 0 to \(type.coreCount() - 1)"
            )
        }
        return Model(name: name, core: first, line: line)
    }
}
