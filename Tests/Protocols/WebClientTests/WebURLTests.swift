import Testing

@testable import WebClient

@Suite("URLs")
struct WebURLTests {
    @Test(
        "are taken apart and put together",
        arguments: [
            ("http://H.example", "http://h.example:80", "h.example", "/"),
            ("https://h:8443/a%20b?x=1&y", "https://h:8443", "h:8443", "/a%20b?x=1&y"),
            ("https://u:p%40w@[::1]:443/x#f", "https://[::1]:443", "[::1]", "/x"),
            ("http://h:/x", "http://h:80", "h", "/x"),
        ])
    func parts(text: String, origin: String, host: String, target: String) throws {
        let url = try #require(WebURL(text))
        #expect(url.origin == origin)
        #expect(url.hostField == host)
        #expect(url.target == target)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "ftp://h/", "http:///x", "http://h:0/", "http://h:99999/", "http://a:b:c/", "http://[::1/",
            "http://h/a b",
            "http://h/\r\nx", "h/x", "",
        ])
    func malformed(text: String) { #expect(WebURL(text) == nil) }

    @Test(
        "references are resolved",
        arguments: [
            ("/x?y", "https://h:1/x?y"), ("x", "https://h:1/a/x"), ("?q", "https://h:1/a/b?q"),
            ("//o/x", "https://o:443/x"), ("http://o/x#f", "http://o:80/x"),
        ])
    func references(reference: String, expected: String) throws {
        let base = try #require(WebURL("https://h:1/a/b?c"))
        let url = try #require(base.resolving(reference))
        #expect(url.origin + url.target == expected)
    }
}
