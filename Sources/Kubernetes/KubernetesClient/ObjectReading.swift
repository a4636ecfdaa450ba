// Objects out of an answer's octets, one at a time: what is wrong with one, even that it is nested deeper than anybody reads,
// is that one's fault alone, and no more than one is held twice.

internal import JSON
internal import KubernetesAPI

/// What is read of a list's own metadata.
private struct ListMetadata: Decodable {
    var resourceVersion: String?
    var `continue`: String?
}

extension ObjectList {
    /// Reads a list. Items that cannot be read stand apart.
    ///
    /// - Throws: `JSONError` where this is no list.
    init(reading octets: [UInt8]) throws(JSONError) {
        self.init([])
        var hasItems = false
        for (name, value) in try JSONOutline.members(octets) {
            switch name {
            case "metadata":
                let metadata = try JSON.decode(ListMetadata?.self, from: octets, in: value)
                resourceVersion = metadata?.resourceVersion ?? ""
                continueToken = metadata?.continue ?? ""
            case "items":
                hasItems = true
                // A list of nothing is null where Go has made it.
                guard octets[value.lowerBound] != UInt8(ascii: "n") else { continue }
                for item in try JSONOutline.elements(octets, in: value) {
                    switch DecodedObject<Object>(reading: octets, in: item) {
                    case .object(let object): items.append(object)
                    case .unreadable(let object): unreadable.append(object)
                    }
                }
            default: break
            }
        }
        guard hasItems else { throw JSONError("the document lacks \"items\"") }
    }
}

extension DecodedObject {
    /// Reads an object out of the octets of something larger.
    init(reading octets: [UInt8], in range: Range<Int>) {
        do throws(JSONError) {
            self = try JSON.decode(from: octets, in: range)
            guard case .unreadable(let object) = self, object.key.name.isEmpty else { return }
            self = .unreadable(UnreadableObject(outlineOf: octets, in: range, fault: object.fault))
        } catch {
            // The decoder only says that it is no JSON where it does not like the depth.
            let reading = Result { () throws(JSONError) in try JSON(parsing: octets, in: range) }
            let fault = if case .failure(let why) = reading { why.description } else { error.description }
            self = .unreadable(UnreadableObject(outlineOf: octets, in: range, fault: fault))
        }
    }
}

extension UnreadableObject {
    /// Names an object of which hardly anything can be read.
    fileprivate init(outlineOf octets: [UInt8], in range: Range<Int>, fault: String) {
        let members = (try? JSONOutline.members(octets, in: range)) ?? []
        let metadata = members.last { $0.name == "metadata" }
            .map { (try? JSONOutline.members(octets, in: $0.value)) ?? [] }
        func text(_ name: String) -> String {
            guard let value = metadata?.last(where: { $0.name == name })?.value else { return "" }
            return (try? JSON.decode(String.self, from: octets, in: value)) ?? ""
        }
        self.init(
            key: ObjectKey(namespace: text("namespace"), name: text("name")),
            version: text("resourceVersion"),
            fault: fault)
    }
}
