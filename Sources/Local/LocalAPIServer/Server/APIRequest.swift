// A request as the handlers see it: the path taken apart, the query and the Accept header read.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import HTTP1
internal import JSON

/// A request.
struct APIRequest: Sendable {
    let method: String
    let segments: [String]
    let query: [String: String]
    let body: [UInt8]
    let contentType: String
    let accept: [MediaType]
    let userAgent: String
    /// Whether the client takes gzip.
    let takesGzip: Bool
    let user: APIUser
    let trail = AccessTrail()

    init(_ request: HTTPRequest, user: APIUser) {
        method = request.method
        segments = request.segments
        query = Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        body = request.body
        contentType = MediaType.list(request.headers["content-type"] ?? "").first?.type ?? ""
        accept = MediaType.list(request.headers["accept"] ?? "")
        userAgent = request.headers["user-agent"] ?? ""
        takesGzip = request.takesGzip
        self.user = user
    }

    func flag(_ name: String) -> Bool { query[name].map { $0 == "true" || $0 == "1" || $0.isEmpty } ?? false }

    var isDryRun: Bool { query["dryRun"] == "All" }

    /// The manager the writes count for: the parameter, else the program's name.
    var fieldManager: String {
        if let manager = query["fieldManager"], !manager.isEmpty { return manager }
        let name = String(userAgent.prefix { $0 != "/" })
        return name.isEmpty ? "unknown" : String(name.prefix(128))
    }
}

/// One entry of an Accept or Content-Type header.
struct MediaType: Equatable, Sendable {
    var type: String
    var parameters: [String: String]

    static func list(_ header: String) -> [MediaType] {
        header.split(separator: ",").map { entry in
            let parts = entry.split(separator: ";").map { trim(String($0)) }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1).map { trim(String($0)) }
                guard let name = pair.first else { continue }
                parameters[name.lowercased()] = pair.count > 1 ? pair[1] : ""
            }
            return MediaType(type: parts.first?.lowercased() ?? "", parameters: parameters)
        }
    }
}

/// The form in which a client wants objects.
enum ObjectForm: Sendable, Equatable {
    case full
    case table
    case metadata

    /// The first form in the Accept header that the server can give.
    static func negotiated(_ request: APIRequest, custom: Bool) throws(APIError) -> ObjectForm {
        if request.accept.isEmpty { return .full }
        for media in request.accept {
            guard ["application/json", "*/*", "application/*"].contains(media.type) else { continue }
            guard let form = media.parameters["as"] else { return .full }
            guard media.parameters["g"] == "meta.k8s.io", media.parameters["v"] == "v1" else { continue }
            switch form {
            case "Table": return .table
            case "PartialObjectMetadata", "PartialObjectMetadataList": return .metadata
            default: continue
            }
        }
        throw APIError(
            406, "NotAcceptable",
            custom
                ? "only the following media types are accepted: application/json, application/yaml,"
                    + " application/vnd.kubernetes.protobuf"
                : "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml,"
                    + " application/vnd.kubernetes.protobuf, application/json;stream=watch,"
                    + " application/vnd.kubernetes.protobuf;stream=watch", details: [:])
    }
}

/// Which resource, object and subresource a path names.
struct ResourceScope: Sendable {
    var type: ResourceType
    /// The namespace, nil for all or for cluster-scoped resources.
    var namespace: String?
    var name: String?
    var subresource: String

    var objectName: ObjectName { ObjectName(namespace ?? "", name ?? "") }
}

/// The served resources.
struct ResourceCatalog: Sendable {
    private(set) var types: [String: [String: [String: ResourceType]]] = [:]
    /// Definitions of custom resources, by `plural.group`.
    var definitions: [String: JSON] = [:]

    mutating func add(_ type: ResourceType) {
        types[type.group, default: [:]][type.version, default: [:]][type.plural] = type
    }

    mutating func remove(_ resource: GroupResource) {
        for version in types[resource.group]?.keys.map({ $0 }) ?? [] {
            types[resource.group]?[version]?[resource.resource] = nil
            if types[resource.group]?[version]?.isEmpty == true { types[resource.group]?[version] = nil }
        }
        if types[resource.group]?.isEmpty == true { types[resource.group] = nil }
    }

    /// The types that show a stored resource.
    func types(storedAs resource: GroupResource) -> [ResourceType] {
        types.values.flatMap(\.values).flatMap(\.values).filter { $0.storage == resource }
    }

    var all: [ResourceType] { types.values.flatMap(\.values).flatMap(\.values) }

    /// What the segments after group and version name.
    func scope(group: String, version: String, _ rest: ArraySlice<String>) throws(APIError) -> ResourceScope {
        guard let resources = types[group]?[version] else { throw .pageNotFound }
        var rest = rest
        var namespace: String?
        if rest.first == "namespaces", rest.count >= 3,
            !(group.isEmpty && ["status", "finalize"].contains(rest[rest.startIndex + 2]) && rest.count == 3)
        {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        guard let plural = rest.first, rest.count <= 3 else { throw .unknownResource }
        guard let type = resources[plural], type.namespaced || namespace == nil else {
            throw group.isEmpty || types[group]?[version]?.values.first?.isCustom != true
                ? .unknownResource : .pageNotFound
        }
        let parts = Array(rest.dropFirst())
        if type.namespaced, namespace == nil, !parts.isEmpty { throw .unknownResource }
        let subresource = parts.count > 1 ? parts[1] : ""
        if !subresource.isEmpty, !type.hasSubresource(subresource) { throw .unknownResource }
        return ResourceScope(type: type, namespace: namespace, name: parts.first, subresource: subresource)
    }
}
