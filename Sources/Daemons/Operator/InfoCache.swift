// What is worked out about an object is worked out once for each version of it: a pass over thousands of pods then costs
// look-ups.

internal import KubernetesAPI

/// What was worked out about the objects in a store.
struct InfoCache<Info> {
    private var infos: [ObjectKey: (version: String, info: Info)] = [:]

    init() {}

    /// The information about each object.
    ///
    /// - Parameters:
    ///   - objects: all that there are now; others are forgotten.
    ///   - version: changes with everything that `make` reads.
    mutating func update<Object: Resource>(
        _ objects: [Object], version: (Object) -> String, make: (Object) -> Info
    ) -> [Info] {
        var next: [ObjectKey: (version: String, info: Info)] = [:]
        next.reserveCapacity(objects.count)
        var result: [Info] = []
        result.reserveCapacity(objects.count)
        for object in objects {
            let version = version(object)
            let known = infos[object.key].flatMap { $0.version == version ? $0 : nil }
            let entry = known ?? (version: version, info: make(object))
            next[object.key] = entry
            result.append(entry.info)
        }
        infos = next
        return result
    }
}
