// Small files of a model's directory, read whole and with a limit.

import SystemIO

/// The bytes of `path`, nil when it does not exist.
///
/// - Throws: `ModelError` when it cannot be read or is longer than `limit`.
func readFile(_ path: String, limit: Int) throws(ModelError) -> [UInt8]? {
    guard Files.exists(path) else { return nil }
    do {
        return try Files.read(path, limit: limit)
    } catch {
        throw ModelError(path, "is no use (\(error))", "use the readable files of a BERT model")
    }
}
