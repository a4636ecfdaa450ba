// What a channel needs of TLS, so that sockets and HTTP link no OpenSSL.

/// A fault of the secure layer that ends the connection.
public struct SecureLayerError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what failed and why.
    public let description: String

    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}

/// Encryption of one connection, without I/O: ciphertext and plaintext in and out. Used by one loop only.
public protocol SecureLayer: AnyObject {
    /// Begins the handshake; what is to be sent is appended to `output`.
    func start(output: inout [UInt8]) throws(SecureLayerError)
    /// Takes octets from the peer: plaintext is appended to `plaintext`, octets to send to `output`.
    func receive(_ bytes: RawSpan, plaintext: inout [UInt8], output: inout [UInt8]) throws(SecureLayerError)
    /// Encrypts; plaintext sent before the handshake is over is kept until it is.
    func send(_ plaintext: RawSpan, output: inout [UInt8]) throws(SecureLayerError)
    /// Says goodbye (close_notify).
    func close(output: inout [UInt8])
    /// Whether the peer has said goodbye: an end of the stream after it is no truncation.
    var isClosedByPeer: Bool { get }
    /// The protocol chosen by ALPN: nil until the handshake is over, empty where none was.
    var negotiatedProtocol: String? { get }
}

/// Makes a layer for each connection.
public protocol SecureLayerFactory: Sendable {
    /// A layer for a new connection.
    func makeLayer() throws(SecureLayerError) -> any SecureLayer
}
