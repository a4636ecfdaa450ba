// Views are made once for each version of an object: a pass over thousands of pods then costs look-ups, not parsing.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient

/// Views of the objects in a store.
struct ViewCache<View> {
    private var views: [ObjectKey: (version: String, view: View)] = [:]

    init() {}

    /// A view of each object.
    ///
    /// - Parameters:
    ///   - objects: all that there are now; views of others are forgotten.
    ///   - version: changes with everything that `make` reads.
    mutating func update(_ objects: [JSON], version: (JSON) -> String, make: (JSON) -> View) -> [View] {
        var next: [ObjectKey: (version: String, view: View)] = [:]
        next.reserveCapacity(objects.count)
        var result: [View] = []
        result.reserveCapacity(objects.count)
        for object in objects {
            let key = object.objectKey
            let version = version(object)
            let entry =
                views[key].flatMap { $0.version == version ? $0 : nil } ?? (
                    version: version, view: make(object)
                )
            next[key] = entry
            result.append(entry.view)
        }
        views = next
        return result
    }
}
