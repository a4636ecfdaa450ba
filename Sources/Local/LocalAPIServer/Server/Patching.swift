// PATCH in its four formats.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import JSON
internal import KubernetesAPI

extension APIServer {
    /// RFC 7386.
    package static let mergeType = "application/merge-patch+json"
    /// Lists merge by their keys; built-in kinds only.
    package static let strategicType = "application/strategic-merge-patch+json"
    static let jsonPatchType = "application/json-patch+json"
    /// Server-side apply.
    package static let applyType = "application/apply-patch+yaml"

    func patch(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        guard
            [Self.mergeType, Self.strategicType, Self.jsonPatchType, Self.applyType].contains(
                request.contentType)
        else {
            if type.isCustom {
                throw .unsupportedMediaType([Self.jsonPatchType, Self.mergeType, Self.applyType])
            }
            throw APIError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details: [:])
        }
        if type.isCustom, request.contentType == Self.strategicType {
            throw .unsupportedMediaType([Self.jsonPatchType, Self.mergeType, Self.applyType])
        }
        if request.contentType == Self.applyType { return try apply(request, scope) }
        guard let old = state[type.storage, scope.objectName] else {
            throw .notFound(type.resource, scope.name ?? "")
        }
        let before = type.strategy.shown(old.json).withType(type)
        var object = try patched(before, request, rules: type.rules)
        guard object.object != nil else { throw Self.rejected(422, "Invalid") }
        let warnings = try Self.read(&object, type, request)
        let result = try update(scope, old: old, new: object, request)
        return .json(200, Self.encoded(result, type), warnings: warnings)
    }

    private static func rejected(_ code: Int, _ reason: String) -> APIError {
        APIError(code, reason, "the server rejected our request due to an error in our request", details: [:])
    }

    /// A value with the request's merge, strategic merge or JSON patch applied.
    func patched(_ value: JSON, _ request: APIRequest, rules: MergeRules) throws(APIError) -> JSON {
        let patch: JSON
        do {
            patch = try JSON(parsing: request.body)
        } catch {
            throw .badRequest("error decoding patch: \(error)")
        }
        switch request.contentType {
        case Self.jsonPatchType:
            do {
                return try JSONPatch(patch).applied(to: value)
            } catch {
                switch error {
                case .malformed(let why): throw .badRequest("error decoding patch: \(why)")
                case .notApplicable: throw Self.rejected(422, "Invalid")
                }
            }
        default:
            guard patch.object != nil else {
                throw .badRequest("error decoding patch: the patch is not an object")
            }
            if request.contentType == Self.mergeType { return value.merging(patch) }
            return StrategicMergePatch(rules: rules).applied(patch, to: value)
        }
    }

    /// Server-side apply: creates what is not there.
    private func apply(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let type = scope.type
        guard let manager = request.query["fieldManager"], !manager.isEmpty else {
            throw .invalid(
                group: "meta.k8s.io", kind: "PatchOptions", name: "",
                [.required("fieldManager", "is required for apply patch")])
        }
        var configuration = try Self.parseApplied(request.body)
        guard configuration.apiVersion?.string != nil, configuration.kind?.string != nil else {
            throw .badRequest("the applied configuration lacks apiVersion or kind: send both")
        }
        let warnings = try Self.read(&configuration, type, request)
        if configuration.metadata?.managedFields?.array?.isEmpty == false {
            throw .badRequest("metadata.managedFields must be nil")
        }
        if configuration.metadata == nil { configuration.metadata = [:] }
        if configuration.metadata?.name == nil { configuration.metadata?.name = scope.name.map(JSON.string) }
        let old = state[type.storage, scope.objectName]
        let before = old.map { type.strategy.shown($0.json).withType(type) }
        // A resource version or a uid in the configuration is a condition, of the status too.
        if let before { try Self.checkIdentity(configuration, before, scope.objectName, type) }
        if type.separatesStatus, scope.subresource.isEmpty { configuration.status = nil }
        if scope.subresource == "status" {
            configuration.spec = nil
            configuration.metadata = ["name": .string(scope.name ?? "")]
        }
        let fields = FieldManager(
            rules: type.rules, apiVersion: type.apiVersion, subresource: scope.subresource, manager: manager,
            now: Timestamp.now.text)
        let merged = try fields.applied(configuration, to: before, force: request.flag("force")) {
            type.strategy.applyDefaults(&$0)
        }
        guard let old else {
            guard scope.subresource.isEmpty else { throw .notFound(type.resource, scope.name ?? "") }
            try authorizeBesides(
                AccessAttributes(
                    "create", type.resource, namespace: scope.namespace ?? "", name: scope.name ?? ""),
                request)
            let created = try insert(merged, type, namespace: scope.namespace, request, owned: true)
            return .json(201, Self.encoded(created, type), warnings: warnings)
        }
        let result = try update(scope, old: old, new: merged, request, owned: true)
        return .json(200, Self.encoded(result, type), warnings: warnings)
    }

    /// An applied configuration: JSON, which is YAML too; other YAML is read where it can be.
    private static func parseApplied(_ body: [UInt8]) throws(APIError) -> JSON {
        do {
            let json = try JSON(parsing: body)
            guard json.object != nil else { throw JSONError("not an object") }
            return json
        } catch {
            throw .badRequest("error decoding YAML: \(error)")
        }
    }
}
