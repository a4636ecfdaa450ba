// GET of objects and lists: selectors, pages, versions, and the three forms (full, Table, metadata only).

internal import APIMachinery
internal import CEL
internal import JSON

/// Which objects of a resource a list or a watch is about.
struct ObjectFilter: Sendable {
    var type: ResourceType
    var namespace: String?
    var labels = LabelSelector()
    var fields = FieldSelector()

    init(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) {
        type = scope.type
        namespace = scope.namespace
        if let text = request.query["labelSelector"], !text.isEmpty {
            labels = try LabelSelector(parsing: text)
        }
        let selectable = Set(type.selectableFields)
        var text = request.query["fieldSelector"] ?? ""
        if let name = scope.name { text = (text.isEmpty ? "" : text + ",") + "metadata.name=\(name)" }
        if !text.isEmpty {
            fields = try FieldSelector(parsing: text) {
                $0 == "metadata.name" || $0 == "metadata.namespace" || selectable.contains($0)
            }
        }
    }

    /// Whether an object, in the form it is kept in, is meant.
    func matches(_ name: ObjectName, _ object: JSON) -> Bool {
        if let namespace, name.namespace != namespace { return false }
        if !fields.terms.isEmpty, !fields.matches({ Self.value($0, of: object) }) { return false }
        return labels.requirements.isEmpty || labels.matches(object.metadata?.labels?.strings ?? [:])
    }

    private static let aliases = [
        "regarding": "involvedObject", "reportingController": "reportingComponent",
    ]

    private static func value(_ field: String, of object: JSON) -> String {
        var path = field.split(separator: ".").map(String.init)
        if let first = path.first, let kept = aliases[first] { path[0] = kept }
        if field == "source" { path = ["source", "component"] }
        switch object[path: path] {
        case .string(let text)?: return text
        case .null?, nil: return field == "spec.unschedulable" || field == "spec.hostNetwork" ? "false" : ""
        case let value?: return value.text()
        }
    }
}

extension APIServer {
    func get(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let form = try ObjectForm.negotiated(request, custom: scope.type.isCustom)
        guard let object = store[scope.type.storage, scope.objectName] else {
            throw .notFound(scope.type.resource, scope.name ?? "")
        }
        if form == .full { return .json(200, Self.encoded(object, scope.type), warnings: []) }
        let shown = scope.type.strategy.shown(object.json)
        if form == .metadata { return .object(200, Self.partial(shown)) }
        return .object(
            200,
            Table.make(
                [shown], type: scope.type,
                metadata: ["resourceVersion": shown.metadata?.resourceVersion ?? ""],
                includeObject: request.query["includeObject"] ?? "Metadata"))
    }

    /// An object as JSON text of a served type.
    static func encoded(_ object: StoredObject, _ type: ResourceType) -> [UInt8] {
        if type.storage != type.resource {
            return type.strategy.shown(object.json).withType(type).serialized()
        }
        return object.encoded(apiVersion: type.apiVersion, kind: type.kind)
    }

    static func partial(_ object: JSON) -> JSON {
        ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.metadata ?? [:]]
    }

    func list(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let form = try ObjectForm.negotiated(request, custom: scope.type.isCustom)
        let filter = try ObjectFilter(request, scope)
        let page = try page(request, filter)
        let type = scope.type
        switch form {
        case .full: return .json(200, Self.listText(page, type), warnings: [])
        case .metadata:
            return .object(
                200,
                [
                    "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                    "metadata": page.metadata,
                    "items": .array(page.objects.map { Self.partial($0.json) }),
                ])
        case .table:
            return .object(
                200,
                Table.make(
                    page.objects.map { type.strategy.shown($0.json) }, type: type, metadata: page.metadata,
                    includeObject: request.query["includeObject"] ?? "Metadata"))
        }
    }

    /// Items of built-in kinds come without kind and apiVersion, custom ones with them, as from the real server.
    private static func listText(_ page: ListPage, _ type: ResourceType) -> [UInt8] {
        var bytes = Array(#"{"kind":"\#(type.listKind)","apiVersion":"\#(type.apiVersion)","metadata":"#.utf8)
        var metadata = page.metadata
        if type.isCustom, metadata["continue"] == nil { metadata["continue"] = "" }
        bytes += metadata.serialized()
        bytes += Array(#","items":["#.utf8)
        for (index, object) in page.objects.enumerated() {
            if index > 0 { bytes.append(44) }
            if type.isCustom {
                bytes += encoded(object, type)
            } else if type.storage != type.resource {
                var shown = type.strategy.shown(object.json)
                shown.kind = nil
                shown.apiVersion = nil
                bytes += shown.serialized()
            } else {
                bytes += object.body
            }
        }
        bytes += Array("]}".utf8)
        return bytes
    }

    struct ListPage {
        var objects: [StoredObject]
        var metadata: JSON
    }

    /// The objects of one answer. Pages after the first show the version of the first one.
    func page(_ request: APIRequest, _ filter: ObjectFilter) throws(APIError) -> ListPage {
        let resource = filter.type.storage
        let limit = Int(request.query["limit"] ?? "") ?? 0
        var revision = store.revision
        var all: [(ObjectName, StoredObject)]
        var after: String?
        if let text = request.query["continue"], !text.isEmpty {
            let token = try ContinueToken(parsing: text)
            after = token.after
            if token.revision >= 0 {
                revision = token.revision
                guard revision <= store.revision,
                    let old = store.list(resource, namespace: filter.namespace, at: revision)
                else {
                    throw .expired(
                        "The provided continue parameter is too old to display a consistent list result. You can start"
                            + " a new list without the continue parameter, or use the continue token in this response to"
                            + " retrieve the remainder of the results. Continuing with the provided token results in an"
                            + " inconsistent list - objects that were created, modified, or deleted between the time the"
                            + " first chunk was returned and now may show up in the list.",
                        metadata: ["continue": .string(ContinueToken(revision: -1, after: token.after).text)])
                }
                all = old
            } else {
                all = store.list(resource, namespace: filter.namespace)
            }
        } else {
            all = try listed(request, filter, &revision)
        }
        all = all.filter { filter.matches($0.0, $0.1.json) }
        func key(_ name: ObjectName) -> String {
            filter.namespace == nil && filter.type.namespaced ? "\(name.namespace)/\(name.name)" : name.name
        }
        if let after {
            all.removeFirst(
                all.firstIndex { after.utf8.lexicographicallyPrecedes(key($0.0).utf8) } ?? all.count)
        }
        var metadata: JSON = ["resourceVersion": .string(String(revision))]
        if limit > 0, all.count > limit {
            let rest = all.count - limit
            all = Array(all.prefix(limit))
            if let last = all.last {
                metadata["continue"] = .string(ContinueToken(revision: revision, after: key(last.0)).text)
                if filter.labels.requirements.isEmpty, filter.fields.terms.isEmpty {
                    metadata.remainingItemCount = JSON(rest)
                }
            }
        }
        return ListPage(objects: all.map(\.1), metadata: metadata)
    }

    private func listed(
        _ request: APIRequest, _ filter: ObjectFilter, _ revision: inout Int64
    ) throws(APIError) -> [(ObjectName, StoredObject)] {
        let text = request.query["resourceVersion"] ?? ""
        let match = request.query["resourceVersionMatch"] ?? ""
        if !match.isEmpty, text.isEmpty {
            throw .invalid(
                group: "meta.k8s.io", kind: "ListOptions", name: "",
                [
                    .forbidden(
                        "resourceVersionMatch",
                        "resourceVersionMatch is forbidden unless resourceVersion is provided")
                ])
        }
        guard !text.isEmpty, text != "0" else {
            return store.list(filter.type.storage, namespace: filter.namespace)
        }
        guard let wanted = Int64(text), wanted >= 0 else {
            throw .badRequest(
                "resourceVersion: Invalid value: \(quoted(text)): strconv.ParseUint: parsing \(quoted(text)): invalid syntax"
            )
        }
        guard wanted <= store.revision else {
            throw APIError(
                504, "Timeout",
                "Timeout: Too large resource version: \(wanted), current: \(store.revision)",
                details: [
                    "causes": [
                        ["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]
                    ], "retryAfterSeconds": 1,
                ], retryAfter: 1)
        }
        guard match == "Exact" else { return store.list(filter.type.storage, namespace: filter.namespace) }
        revision = wanted
        guard let old = store.list(filter.type.storage, namespace: filter.namespace, at: wanted) else {
            throw .expired("The resourceVersion for the provided list is too old.")
        }
        return old
    }
}

extension JSON {
    /// The object with the kind and version of a served type.
    func withType(_ type: ResourceType) -> JSON {
        var object = self
        object.kind = .string(type.kind)
        object.apiVersion = .string(type.apiVersion)
        return object
    }
}
