// What comes from where models are kept: archives, listings of buckets, manifests of images, and names of all of them.

internal import ModelSources
internal import Tar

@testable internal import AWS
@testable internal import OCI

let modelSourceTargets = [
    // Headers whose checksum is right, or anything at all; however it is cut, the events are the same.
    FuzzTarget("tar", longest: 2048) { input in
        var choices = Choices(input)
        let kind = choices.octet()
        let size = 1 + Int(choices.octet())
        var archive: [UInt8] = []
        if kind < 64 {
            archive = choices.rest
        } else {
            while !choices.isEmpty {
                var block = [UInt8](repeating: 0, count: TarReader.blockSize)
                let name = choices.octets(1 + Int(choices.octet()) % 100)
                block.replaceSubrange(0..<name.count, with: name)
                let content = choices.octets(Int(choices.octet()))
                block.replaceSubrange(124..<135, with: octal(content.count, 11))
                block[156] = choices.octet()
                block.replaceSubrange(148..<156, with: [UInt8](repeating: 32, count: 8))
                block.replaceSubrange(148..<154, with: octal(block.reduce(0) { $0 + Int($1) }, 6))
                block[154] = 0
                let padding =
                    (TarReader.blockSize - content.count % TarReader.blockSize) % TarReader.blockSize
                archive += block + content + [UInt8](repeating: 0, count: padding)
            }
        }
        let whole = entries(archive, pieces: archive.count)
        require(entries(archive, pieces: size) == whole, "other entries in pieces of \(size)")
        let members = archive.withUnsafeBytes { try? TarMember.members(of: $0, limit: 16) } ?? []
        for member in members {
            require(member.content.upperBound <= archive.count, "\(member) ends behind the archive")
        }
    },
    FuzzTarget("object-listing", longest: 600) { input in
        let form =
            "<ListBucketResult><Contents>" + String(decoding: input, as: UTF8.self)
            + "</Contents></ListBucketResult>"
        for octets in [input, Array(form.utf8)] {
            guard let listing = ObjectListing(octets) else { continue }
            require(
                listing.objects.allSatisfy { $0.size >= 0 && !$0.key.isEmpty }, "an object of no size or key")
        }
    },
    FuzzTarget("image-manifest", longest: 600) { input in
        guard let manifest = try? ImageManifest(input) else { return }
        guard let again = try? ImageManifest(input) else { return require(false, "not read twice") }
        require(manifest == again, "two readings differ")
    },
    FuzzTarget("model-location", longest: 200) { input in
        let text = String(decoding: input, as: UTF8.self)
        for text in [text, "s3://" + text, "oci://" + text, "https://" + text] {
            _ = try? ModelLocation(text)
            // A password is never shown.
            let secret = text.replacing("hidden", with: "")
            require(
                !ModelLocation.shown("https://u:hidden@h/\(secret)").contains("hidden"), "a secret is shown")
        }
        if let reference = ImageReference(text) { require(text.count >= 3, "\(reference) of nothing") }
    },
]

/// The entries of an archive with the sums of their contents, until its end or what is wrong with it.
private func entries(_ archive: [UInt8], pieces size: Int) -> [String] {
    var reader = TarReader()
    var found: [String] = []
    var sum = 0
    do {
        for piece in pieces(archive, size) {
            for event in try reader.receive(Array(piece)) {
                switch event {
                case .entry(let entry):
                    require(entry.size >= 0, "\(entry.size) octets")
                    found.append("\(entry)")
                case .content(let octets): sum = octets.reduce(sum) { ($0 &* 31) &+ Int($1) }
                case .endOfEntry: found.append("\(sum)")
                }
            }
        }
        try reader.finish()
    } catch {
        // What stood before it in the same piece is not told; only that there is an error is.
        return ["\(error)"]
    }
    return found
}

/// Octal digits of a tar header.
func octal(_ value: Int, _ count: Int) -> [UInt8] {
    let text = String(value, radix: 8)
    return Array((String(repeating: "0", count: max(0, count - text.count)) + text).utf8.prefix(count))
}
