// A request over HTTP/2 and what has come of it so far, as the server has it.

internal import HPACK
internal import HTTP1
internal import SystemIO

/// Held by its connection's service and only touched on its loop.
final class HTTP2ServerStream {
    let id: UInt32
    /// Its body grows while it arrives.
    var request: HTTPRequest
    /// When its body could begin to arrive, in nanoseconds of the monotonic clock.
    let start: UInt64
    /// What is answered once the rest of the body has come: most clients do not listen before they have said all.
    var refusal: HTTPResponse?
    /// Octets of the body that were dropped.
    var dropped = 0
    /// Watches the rate of the body.
    var timer: ScheduledTimer?
    /// The handler, while it is at work.
    var task: Task<Void, Never>?
    /// Octets of the response are sent in pieces.
    var isStreaming = false
    /// The response is on its way, or nobody waits for it.
    var isOver = false
    /// Writers that wait for room.
    var writers: [CheckedContinuation<HTTPError?, Never>] = []

    init(_ id: UInt32, _ request: HTTPRequest, start: UInt64) {
        self.id = id
        self.request = request
        self.start = start
    }

    func resumeWriters(_ error: HTTPError?) {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(returning: error) }
    }
}

extension HTTPRequest {
    /// A request of HTTP/2, without its body. The rules of RFC 9113 §8.2 and §8.3 have been looked at before.
    ///
    /// - Throws: the answer to one that names no path of a server.
    init(_ list: HeaderList, peer: SocketAddress?) throws(HTTPRefusal) {
        var (method, target): (String?, String?)
        var headers = HTTPHeaders()
        var cookies: [String] = []
        for index in 0..<list.count {
            switch list.knownName(index) {
            case .method: method = list.value(index)
            case .path: target = list.value(index)
            case .authority: headers.add("host", list.value(index))
            case .scheme: break
            default:
                let name = list.name(index)
                // HTTP/2 may split the field (RFC 9113 §8.2.3), and `host` says no more than `:authority` does.
                if name == "cookie" {
                    cookies.append(list.value(index))
                } else if name != "host" || headers["host"] == nil {
                    headers.add(name, list.value(index))
                }
            }
        }
        if !cookies.isEmpty { headers.add("cookie", cookies.joined(separator: "; ")) }
        guard let method, let target else {
            throw HTTPRefusal(.text(501, "this server opens no tunnels\n"))
        }
        guard target.hasPrefix("/") || target == "*" else {
            throw HTTPRefusal(.text(400, "the path \"\(target.prefix(64))\" does not begin with a slash\n"))
        }
        self.init(method, target, headers: headers, peer: peer)
    }
}

/// An answer to what is no request that a handler could answer.
struct HTTPRefusal: Error {
    let response: HTTPResponse

    init(_ response: HTTPResponse) { self.response = response }
}

extension HeaderList {
    /// The head of a response, without the fields that HTTP/2 has no use for (RFC 9113 §8.2.2).
    ///
    /// - Parameter length: for Content-Length; nil where there is none.
    init(_ response: HTTPResponse, length: Int?) {
        self.init()
        add(":status", String(response.status))
        for field in response.headers.fields {
            let name = field.name.lowercased()
            switch name {
            case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": continue
            case "content-length" where length != nil: continue
            default: add(name, Self.clean(field.value))
            }
        }
        if let length { add("content-length", String(length), indexing: .avoided) }
    }

    /// Without what no value may have (RFC 9113 §8.2.1): some repeat what a peer has sent.
    private static func clean(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else { return value }
        return String(decoding: value.utf8.map { $0 == 0 || $0 == 10 || $0 == 13 ? 32 : $0 }, as: UTF8.self)
    }
}
