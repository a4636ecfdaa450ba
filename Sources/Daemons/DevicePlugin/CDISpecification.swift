// Container Device Interface: the runtime, not the kubelet, adds device nodes, from a file that names them. A chip's name
// in a container depends on which chips it has (the first is /dev/neuron0), so there is a CDI device for each chip in
// each place that it can take; the file never changes with what is allocated.

internal import Neuron

/// The CDI specification of a node's chips (CDI 0.5.0, the first with hostPath).
enum CDISpecification {
    /// Vendor and class of the devices.
    static let kind = "ganglion.dev/neuron"
    /// The file's name in the CDI directory.
    static let fileName = "ganglion.dev-neuron.json"

    /// The qualified name of a chip that is `/dev/neuron<place>` in the container.
    static func name(chip: Int, place: Int) -> String { "\(kind)=\(device(chip, place))" }

    private static func device(_ chip: Int, _ place: Int) -> String { "neuron\(chip)-as-neuron\(place)" }

    /// The file's content.
    static func json(_ catalog: DeviceCatalog) -> [UInt8] {
        var devices: [String] = []
        for chip in Set(catalog.devices.map(\.chip)).sorted() {
            guard let (path, file) = catalog.deviceFile(chip: chip), let edit = edit(file, path) else {
                continue
            }
            // Chips are given in rising order: before a chip there are at most as many as have lower numbers.
            for place in 0...chip {
                devices.append(
                    "    {\"name\": \"\(device(chip, place))\", \"containerEdits\": {"
                        + edit("/dev/neuron\(place)") + "}}")
            }
        }
        let list = devices.joined(separator: ",\n")
        let text =
            "{\n  \"cdiVersion\": \"0.5.0\",\n  \"kind\": \"\(kind)\",\n  \"devices\": [\n\(list)\n  ]\n}\n"
        return Array(text.utf8)
    }

    /// What the runtime does for a chip, given its path in the container; nil where there is no chip to give.
    private static func edit(_ file: DeviceFile, _ host: String) -> ((String) -> String)? {
        switch file {
        case .node:
            { path in
                "\"deviceNodes\": [{\"path\": \"\(path)\", \"hostPath\": \(quoted(host)), "
                    + "\"permissions\": \"rw\"}]"
            }
        case .fakeChip:
            { path in
                "\"mounts\": [{\"hostPath\": \(quoted(host)), \"containerPath\": \"\(path)\", "
                    + "\"options\": [\"bind\", \"rw\"]}]"
            }
        case .foreign: nil
        }
    }

    /// A string of JSON (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case _ where scalar.value < 32:
                result += "\\u00"
                result.unicodeScalars.append(digits[Int(scalar.value >> 4)])
                result.unicodeScalars.append(digits[Int(scalar.value & 15)])
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
