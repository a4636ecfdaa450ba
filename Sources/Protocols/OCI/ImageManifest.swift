// Manifests and indexes (OCI image specification 1.1; Docker's schema 2 of the same shape).

internal import JSON

/// A blob that a manifest names.
package struct ImageLayer: Equatable, Sendable {
    /// How its octets are to be read.
    package enum Form: Equatable, Sendable {
        case tar
        case gzip
        /// A file as it is, of this name.
        case file(String)
    }

    /// `sha256:...` of its octets as they are stored.
    package let digest: String
    /// Octets as they are stored.
    package let size: Int
    /// How to read them.
    package let form: Form
}

/// A manifest, or an index of several.
enum ImageManifest: Equatable {
    case image([ImageLayer])
    /// Digests by platform, `OS/ARCHITECTURE`.
    case index([(platform: String, digest: String)])

    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.image(let one), .image(let other)): one == other
        case (.index(let one), .index(let other)): one.elementsEqual(other) { $0 == $1 }
        default: false
        }
    }

    /// What is asked for.
    static let mediaTypes = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ]

    /// Layers of an image at most; Docker allows 127.
    static let layerLimit = 256

    /// - Throws: for what is neither, and for layers that cannot be read here.
    init(_ octets: [UInt8]) throws(RegistryError) {
        guard let document = try? JSON(parsing: octets, maximumDepth: 16), document.object != nil else {
            throw RegistryError("the manifest is no JSON object")
        }
        if let manifests = document["manifests"]?.array {
            self = .index(
                manifests.compactMap { entry in
                    guard let digest = entry["digest"]?.string, ImageReference.isDigest(digest) else {
                        return nil
                    }
                    let platform = entry["platform"]
                    return (
                        "\(platform?["os"]?.string ?? "")/\(platform?["architecture"]?.string ?? "")", digest
                    )
                })
            return
        }
        guard let layers = document["layers"]?.array, layers.count <= Self.layerLimit else {
            let version = document["schemaVersion"]?.int ?? 0
            throw RegistryError(
                version == 1
                    ? "the manifest is of schema 1, which registries have given up: push the image again"
                    : "the manifest has no list of at most \(Self.layerLimit) layers")
        }
        var read: [ImageLayer] = []
        for layer in layers { read.append(try Self.layer(layer)) }
        self = .image(read)
    }

    private static func layer(_ entry: JSON) throws(RegistryError) -> ImageLayer {
        guard let digest = entry["digest"]?.string, ImageReference.isDigest(digest),
            let size = entry["size"]?.int, size >= 0
        else { throw RegistryError("the manifest has a layer without a sha256 digest and a size") }
        let type = entry["mediaType"]?.string ?? ""
        let title = entry["annotations"]?["org.opencontainers.image.title"]?.string
        if type.hasSuffix("+zstd") || type.hasSuffix(".zstd") {
            throw RegistryError(
                "the layer \(digest) is compressed with zstd (\(type.prefix(128))), which is not supported: push it with gzip"
            )
        }
        if type.hasSuffix("+gzip") || type.hasSuffix(".tar.gzip") {
            return ImageLayer(digest: digest, size: size, form: .gzip)
        }
        if type.hasSuffix(".tar") || type.hasSuffix("+tar") {
            return ImageLayer(digest: digest, size: size, form: .tar)
        }
        // As ORAS and model packagers push files.
        if let title { return ImageLayer(digest: digest, size: size, form: .file(title)) }
        throw RegistryError(
            "the layer \(digest) has the media type \(type.prefix(128)), which is not known here: push layers of tar or gzip"
        )
    }

    /// The digest for a platform: the machine's own, else the only one.
    static func choose(
        _ entries: [(platform: String, digest: String)], architecture: String
    ) -> String? {
        if let own = entries.first(where: { $0.platform == "linux/\(architecture)" }) { return own.digest }
        // Attestations stand as unknown/unknown beside an image.
        let others = entries.filter { $0.platform != "unknown/unknown" }
        return others.count == 1 ? others[0].digest : nil
    }
}
