// The one way into OpenSSL: it is made ready once, its thread's error queue is empty before every call, and what is in
// the queue after a failure becomes words.

internal import COpenSSL
public import SystemIO

/// OpenSSL's start and its error queue.
public enum OpenSSL {
    private static let failure: SecureLayerError? = {
        ERR_clear_error()
        guard OpenSSL_version_num() >= 0x3000_0000 else {
            let version = OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "of unknown version"
            return SecureLayerError("cannot use TLS: the system's library is \(version): install OpenSSL 3")
        }
        guard ganglion_ssl_init() == 1 else {
            return SecureLayerError(
                "cannot use TLS: OpenSSL does not start (\(takeReason())): check its configuration file "
                    + "(openssl.cnf, OPENSSL_CONF)")
        }
        guard RAND_status() == 1 else {
            return SecureLayerError(
                "cannot use TLS: OpenSSL has no random numbers (\(takeReason())): make /dev/urandom available"
            )
        }
        return nil
    }()

    /// Makes the library ready, once, and empties the thread's error queue: to be called before each use.
    ///
    /// - Throws: one sentence when OpenSSL cannot be used in this process.
    public static func prepare() throws(SecureLayerError) {
        if let failure { throw failure }
        ERR_clear_error()
    }

    /// The earliest error in the thread's queue, which becomes empty; 0 when there is none.
    static func takeCode() -> UInt {
        let code = ERR_peek_error()
        ERR_clear_error()
        return code
    }

    /// The earliest error in the thread's queue in the library's words; the queue becomes empty.
    static func takeReason() -> String { reason(takeCode()) }

    /// An error code in the library's words.
    static func reason(_ code: UInt) -> String {
        guard code != 0 else { return "no reason given" }
        guard let text = ERR_reason_error_string(code) else { return "OpenSSL error \(code)" }
        return String(cString: text)
    }

    /// Says that a call failed, and why.
    ///
    /// - Parameter what: what was tried, after "cannot".
    static func fault(_ what: String) -> SecureLayerError {
        SecureLayerError("cannot \(what) (\(takeReason()))")
    }
}
