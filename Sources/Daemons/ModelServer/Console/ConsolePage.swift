// The page of a server for people: one document without anything from elsewhere. Its policy names its own script and style by
// their digests, so that nothing else runs in it, whatever a model is called.

internal import Digests
internal import HTTP
internal import HTTP1
internal import SystemIO

/// The console of a server.
enum ConsolePage {
    /// The page, with its policy.
    static let response: HTTPResponse = {
        let page = PackageResources.console_html
        let text = String(decoding: page, as: UTF8.self)
        let policy =
            "default-src 'none'; script-src \(source("script", of: text)); style-src \(source("style", of: text));"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        return HTTPResponse(
            200,
            headers: [
                "content-type": "text/html; charset=utf-8", "content-security-policy": policy,
                "vary": "accept",
                "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
                "cache-control": "no-cache",
            ], body: .bytes(page))
    }()

    /// What CSP calls the content of an element (W3C CSP3 §6.7.2).
    private static func source(_ element: String, of text: String) -> String {
        guard let start = text.firstRange(of: "<\(element)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(element)>")
        else { return "'none'" }
        let digest = MessageDigest.of(text[start.upperBound..<end.lowerBound].utf8)
        return "'sha256-\(Base64.encode(digest))'"
    }

    /// Whether a person's browser asks: programs do not name HTML.
    static func isAskedFor(_ request: HTTPRequest) -> Bool {
        request.headers.all("accept").contains { line in
            line.split(separator: ",").contains { part in
                part.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() == "text/html"
            }
        }
    }
}
