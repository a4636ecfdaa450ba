// What is served: the old documents (one per group version) and the aggregated one (apidiscovery.k8s.io/v2) that kubectl
// asks for first.

internal import APIMachinery
internal import HTTP
internal import HTTP1
internal import JSON

extension APIServer {
    private static let aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    /// Reviews are no resources with objects, but discovery lists them.
    private static func virtualTypes() -> [(group: String, plural: String, kind: String)] {
        reviewKinds.flatMap { group, kinds in kinds.map { (group, $0.0, $0.1) } }
    }

    func discovery(_ request: APIRequest) throws(APIError) -> APIAnswer {
        let segments = request.segments
        let isCore = segments[0] == "api"
        if segments.count == 1 {
            if request.accept.contains(where: {
                $0.parameters["as"] == "APIGroupDiscoveryList" && $0.parameters["v"] == "v2"
            }) {
                return .http(
                    HTTPResponse(
                        200, headers: ["content-type": Self.aggregatedType, "vary": "Accept"],
                        body: .bytes(aggregated(core: isCore).serialized())))
            }
            if isCore {
                return .object(
                    200,
                    [
                        "kind": "APIVersions", "versions": ["v1"],
                        "serverAddressByClientCIDRs": [
                            ["clientCIDR": "0.0.0.0/0", "serverAddress": .string(options.serverAddress)]
                        ],
                    ])
            }
            return .object(
                200,
                ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groupNames().map(group))])
        }
        if !isCore, segments.count == 2 {
            guard groupNames().contains(segments[1]) else { throw .pageNotFound }
            var group = group(segments[1])
            group.kind = "APIGroup"
            group.apiVersion = "v1"
            return .object(200, group)
        }
        let name = isCore ? "" : segments[1]
        let version = segments[isCore ? 1 : 2]
        let resources = resourceList(name, version)
        guard !resources.isEmpty else { throw .pageNotFound }
        return .object(
            200,
            [
                "kind": "APIResourceList", "apiVersion": "v1",
                "groupVersion": .string(name.isEmpty ? version : "\(name)/\(version)"),
                "resources": .array(resources),
            ])
    }

    func groupNames() -> [String] {
        Set(catalog.types.keys.filter { !$0.isEmpty } + Self.reviewKinds.keys).sorted()
    }

    /// Versions of a group, the best first: v1 before v1beta1 before v1alpha1.
    func versions(_ group: String) -> [String] {
        if Self.reviewKinds[group] != nil { return ["v1"] }
        func rank(_ version: String) -> (Int, Int) {
            let stage = version.contains("alpha") ? 0 : version.contains("beta") ? 1 : 2
            return (stage, Int(version.dropFirst().prefix { $0.isNumber }) ?? 0)
        }
        return (catalog.types[group] ?? [:]).keys.sorted { rank($0) > rank($1) }
    }

    private func group(_ name: String) -> JSON {
        let versions = versions(name).map { version -> JSON in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        return [
            "name": .string(name), "versions": .array(versions), "preferredVersion": versions.first ?? [:],
        ]
    }

    private func sortedTypes(_ group: String, _ version: String) -> [ResourceType] {
        (catalog.types[group]?[version] ?? [:]).values.sorted { $0.plural < $1.plural }
    }

    private func resourceList(_ group: String, _ version: String) -> [JSON] {
        var result: [JSON] = []
        if version == "v1" {
            for type in Self.virtualTypes() where type.group == group {
                result.append([
                    "name": .string(type.plural), "singularName": .string(type.kind.lowercased()),
                    "namespaced": false,
                    "kind": .string(type.kind), "verbs": ["create"],
                ])
            }
        }
        for type in sortedTypes(group, version) {
            var entry: JSON = [
                "name": .string(type.plural), "singularName": .string(type.singular),
                "namespaced": .bool(type.namespaced), "kind": .string(type.kind), "verbs": JSON(type.verbs),
            ]
            if !type.shortNames.isEmpty { entry.shortNames = JSON(type.shortNames) }
            if !type.categories.isEmpty { entry.categories = JSON(type.categories) }
            result.append(entry)
            for subresource in type.subresources {
                var entry: JSON = [
                    "name": .string("\(type.plural)/\(subresource.name)"), "singularName": "",
                    "namespaced": .bool(type.namespaced), "kind": .string(subresource.kind),
                    "verbs": JSON(subresource.verbs),
                ]
                if !subresource.version.isEmpty {
                    entry.group = .string(subresource.group)
                    entry.version = .string(subresource.version)
                }
                result.append(entry)
            }
        }
        return result
    }

    private func aggregated(core: Bool) -> JSON {
        let names = core ? [""] : groupNames()
        let items = names.map { name -> JSON in
            let versions = versions(name).map { version -> JSON in
                [
                    "version": .string(version), "freshness": "Current",
                    "resources": .array(aggregatedResources(name, version)),
                ]
            }
            var metadata: JSON = [:]
            if !name.isEmpty { metadata.name = .string(name) }
            return ["metadata": metadata, "versions": .array(versions)]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(items),
        ]
    }

    private func aggregatedResources(_ group: String, _ version: String) -> [JSON] {
        func kind(_ group: String, _ version: String, _ kind: String) -> JSON {
            ["group": .string(group), "version": .string(version), "kind": .string(kind)]
        }
        var result: [JSON] = []
        for type in Self.virtualTypes() where type.group == group && version == "v1" {
            result.append([
                "resource": .string(type.plural), "responseKind": kind(group, version, type.kind),
                "scope": "Cluster",
                "singularResource": .string(type.kind.lowercased()), "verbs": ["create"],
            ])
        }
        for type in sortedTypes(group, version) {
            var entry: JSON = [
                "resource": .string(type.plural), "responseKind": kind(group, version, type.kind),
                "scope": type.namespaced ? "Namespaced" : "Cluster",
                "singularResource": .string(type.singular),
                "verbs": JSON(type.verbs),
            ]
            if !type.shortNames.isEmpty { entry.shortNames = JSON(type.shortNames) }
            if !type.categories.isEmpty { entry.categories = JSON(type.categories) }
            if !type.subresources.isEmpty {
                entry.subresources = .array(
                    type.subresources.map {
                        [
                            "subresource": .string($0.name),
                            "responseKind": kind(
                                $0.version.isEmpty ? group : $0.group,
                                $0.version.isEmpty ? version : $0.version,
                                $0.kind),
                            "verbs": JSON($0.verbs),
                        ]
                    })
            }
            result.append(entry)
        }
        return result
    }
}
