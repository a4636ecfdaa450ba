// OpenAPI as far as kubectl needs it: it looks in /openapi/v3 whether a kind's PATCH knows `fieldValidation` (then the
// server validates) and `kubectl explain` reads schemas there. Strategic merge is not declared, so that kubectl computes
// patches of built-in kinds with its own types and of custom ones as merge patches.

internal import APIMachinery
internal import HTTP
internal import HTTP1
internal import JSON

extension APIServer {
    func openAPI(_ request: APIRequest) throws(APIError) -> APIAnswer {
        let segments = request.segments
        switch segments.count > 1 ? segments[1] : "" {
        case "v2":
            if request.accept.contains(where: { Self.openAPIv2Protobuf.contains($0.type) }) {
                return .http(
                    HTTPResponse(
                        200, headers: ["content-type": Self.openAPIv2Protobuf[0]],
                        body: .bytes(Self.emptyOpenAPIv2)))
            }
            return .object(
                200,
                [
                    "swagger": "2.0", "info": ["title": "Kubernetes", "version": .string(Self.version)],
                    "paths": [:], "definitions": [:],
                ])
        case "v3": break
        default: throw .pageNotFound
        }
        if segments.count == 2 {
            var paths: JSON = [
                "api/v1": ["serverRelativeURL": .string("/openapi/v3/api/v1?hash=\(state.revision)")]
            ]
            for group in groupNames() {
                for version in versions(group) {
                    paths["apis/\(group)/\(version)"] = [
                        "serverRelativeURL": .string(
                            "/openapi/v3/apis/\(group)/\(version)?hash=\(catalog.definitions.count)-\(state.revision)"
                        )
                    ]
                }
            }
            return .object(200, ["paths": paths])
        }
        let isCore = segments[2] == "api"
        guard segments.count == (isCore ? 4 : 5) else { throw .pageNotFound }
        let group = isCore ? "" : segments[3]
        let version = segments[segments.count - 1]
        guard versions(group).contains(version) else { throw .pageNotFound }
        return .object(200, document(group, version))
    }

    /// As it is now, and as client-go asks for it, with a character that no media type may have.
    private static let openAPIv2Protobuf = [
        "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
        "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    ]

    /// A document without any kind, as gnostic's openapi_v2.Document. kubectl reads it for a `kind: List`, whose members the
    /// server validates, and for kinds that there are not.
    private static let emptyOpenAPIv2: [UInt8] = {
        func field(_ number: UInt8, _ octets: [UInt8]) -> [UInt8] {
            [number << 3 | 2, UInt8(clamping: octets.count)] + octets
        }
        let info = field(1, Array("Kubernetes".utf8)) + field(2, Array(version.utf8))
        return field(1, Array("2.0".utf8)) + field(2, info) + field(8, []) + field(9, [])
    }()

    private func document(_ group: String, _ version: String) -> JSON {
        var paths: JSON = [:]
        var schemas: JSON = [:]
        let types = (catalog.types[group]?[version] ?? [:]).values.sorted { $0.plural < $1.plural }
        for type in types {
            let kind: JSON = [
                "group": .string(group), "version": .string(version), "kind": .string(type.kind),
            ]
            let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
            let collection = root + (type.namespaced ? "/namespaces/{namespace}" : "") + "/\(type.plural)"
            let reversed = group.split(separator: ".").reversed().joined(separator: ".")
            let name = (group.isEmpty ? "io.k8s.api.core" : reversed) + ".\(version).\(type.kind)"
            schemas[name] = schema(of: type, kind)
            paths[collection] = ["post": operation("post", kind, name)]
            paths[collection + "/{name}"] = [
                "patch": operation("patch", kind, name), "put": operation("put", kind, name),
            ]
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": .string(Self.version)],
            "paths": paths, "components": ["schemas": schemas],
        ]
    }

    private func operation(_ action: String, _ kind: JSON, _ schema: String) -> JSON {
        func parameter(_ name: String, _ type: String = "string") -> JSON {
            ["name": .string(name), "in": "query", "schema": ["type": .string(type), "uniqueItems": true]]
        }
        let reference: JSON = ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]
        var parameters = [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")]
        var content: JSON = ["application/json": reference]
        if action == "patch" {
            parameters.append(parameter("force", "boolean"))
            content = [
                "application/apply-patch+yaml": reference, "application/json-patch+json": reference,
                "application/merge-patch+json": reference,
            ]
        }
        return [
            "operationId": .string("\(action)\(kind.kind?.string ?? "")"), "parameters": .array(parameters),
            "requestBody": ["content": content],
            "responses": ["200": ["description": "OK", "content": ["application/json": reference]]],
            "x-kubernetes-action": .string(action), "x-kubernetes-group-version-kind": kind,
        ]
    }

    private func schema(of type: ResourceType, _ kind: JSON) -> JSON {
        var schema: JSON = ["type": "object"]
        if type.isCustom, let definition = catalog.definitions[type.resource.qualified] {
            let version = (definition.spec?.versions?.array ?? []).first { $0.name?.string == type.version }
            schema = version?.schema?.openAPIV3Schema ?? schema
            for (key, text) in [
                ("apiVersion", "The version of the object's schema."), ("kind", "The object's kind."),
            ] {
                if schema.properties?[key] == nil {
                    schema[path: ["properties", key]] = ["type": "string", "description": .string(text)]
                }
            }
            schema[path: ["properties", "metadata"]] = ["type": "object"]
        } else {
            schema["x-kubernetes-preserve-unknown-fields"] = true
        }
        schema["x-kubernetes-group-version-kind"] = [kind]
        return schema
    }
}
