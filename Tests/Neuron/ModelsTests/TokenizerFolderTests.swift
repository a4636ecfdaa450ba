// Folders of tokenizers against the Rust crate `tokenizers`, live: Tests/Peers/tokenizer_folders.py says what each of them means.
// Skipped where the tests' Python packages (`make python-env`) are absent.

import JSON
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite(
    "Folders of tokenizers against `tokenizers`",
    .enabled(if: Python.has("tokenizers"), "there is no Python with tokenizers"))
struct TokenizerFolderTests {
    private struct Folders: Sendable {
        let directory: TemporaryDirectory
        let texts: [String]
        let ids: [String: [[Int32]]]
    }

    private static let folders = Task {
        let directory = try TemporaryDirectory()
        let peer = try PythonPeer("tokenizer_folders.py", [directory.path])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        let json = try JSON(parsing: try Files.read(directory.path + "/cases.json"))
        var ids: [String: [[Int32]]] = [:]
        for entry in json["cases"]?.array ?? [] {
            ids[entry["case"]?.string ?? ""] = (entry["ids"]?.array ?? []).map { text in
                (text.array ?? []).compactMap { $0.int.flatMap(Int32.init(exactly:)) }
            }
        }
        return Folders(
            directory: directory, texts: (json["texts"]?.array ?? []).compactMap(\.string), ids: ids)
    }

    @Test(
        "a folder's texts have the ids that they have elsewhere",
        arguments: [
            "saved", "no-config", "cased", "accents", "cased-no-accents", "ideographs", "class-default-wins",
            "file-wins",
            "backend", "bert-processing", "names", "names-of-file", "extra", "vocab", "vocab-cased",
            "vocab-names",
            "sentence-lowercase", "sentence-lowercase-twice", "prompt",
        ])
    func ids(name: String) async throws {
        let folders = try await Self.folders.value
        let expected = try #require(folders.ids[name])
        #expect(expected.count == 17 && folders.texts.count == 17)
        let folder = try ModelFolder([.pooling("mean"), .normalize])
        try Files.remove(folder.path + "/vocab.txt")
        // Room for every token, and as few positions as the peer gives ids.
        try folder.edit("config.json") {
            $0["vocab_size"] = 1000
            $0["max_position_embeddings"] = 64
        }
        for file in try Files.list(folders.directory.path + "/" + name) {
            try folder.write(file, try Files.read("\(folders.directory.path)/\(name)/\(file)"))
        }
        let model = try EmbeddingModel(directory: folder.path)
        for (text, ids) in zip(folders.texts, expected) {
            #expect(model.tokenize(text).ids == ids, "\(text.debugDescription)")
        }
    }
}
