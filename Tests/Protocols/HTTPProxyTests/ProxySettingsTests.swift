// Which proxy a request goes through. The rows are those of golang.org/x/net/http/httpproxy, but for names that are not ASCII,
// which no URL of ours has, and for proxies of other kinds, which are refused.

import SystemIO
import Testing

@testable import HTTPProxy

@Suite("Proxies of an environment")
struct ProxySettingsTests {
    private static func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        let isSecure = url.hasPrefix("https://")
        let (host, port) = ProxyAddress.split(url.dropFirst(isSecure ? 8 : 7).prefix { $0 != "/" })
        return try ProxySettings { environment[$0] }.proxy(
            for: String(host), port: port.flatMap { UInt16($0) } ?? (isSecure ? 443 : 80), isSecure: isSecure
        )?.authority
    }

    @Test(
        "are those of the URL's scheme, in large or small letters",
        arguments: [
            ("http://example.com", ["HTTP_PROXY": "127.0.0.1:8080"], "127.0.0.1:8080"),
            ("http://example.com", ["HTTP_PROXY": "cache.corp.example.com"], "cache.corp.example.com:80"),
            ("http://example.com", ["HTTP_PROXY": "localhost"], "localhost:80"),
            ("http://example.com", ["HTTP_PROXY": "http://127.0.0.1:8080"], "127.0.0.1:8080"),
            ("http://example.com", ["http_proxy": "HTTP://p:3128/"], "p:3128"),
            ("http://a.tld/", ["HTTP_PROXY": "http.proxy.tld", "HTTPS_PROXY": "s.tld"], "http.proxy.tld:80"),
            ("https://a.tld/", ["HTTP_PROXY": "http.proxy.tld", "HTTPS_PROXY": "s.tld"], "s.tld:80"),
            ("https://a.tld/", ["HTTP_PROXY": "http.proxy.tld"], nil),
            ("https://a.tld/", ["HTTPS_PROXY": "", "https_proxy": "p:1"], "p:1"),
            ("https://a.tld/", ["HTTPS_PROXY": "one:1", "https_proxy": "other:1"], "one:1"),
            ("https://a.tld/", ["HTTPS_PROXY": "http://[fd00::2]"], "[fd00::2]:80"),
            ("https://a.tld/", [:], nil),
            ("http://example.com/", ["NO_PROXY": "example.com", "HTTP_PROXY": "proxy"], nil),
            ("http://example.com/", ["no_proxy": ".example.com", "HTTP_PROXY": "proxy"], "proxy:80"),
            ("http://example.com/", ["no_proxy": "ample.com", "HTTP_PROXY": "proxy"], "proxy:80"),
            ("http://foo.example.com/", ["no_proxy": "example.com", "HTTP_PROXY": "proxy"], nil),
            ("http://example.com/", ["no_proxy": ".foo.com", "HTTP_PROXY": "proxy"], "proxy:80"),
            ("http://[1000::%25.example.com]:123", ["NO_PROXY": "example.com", "HTTP_PROXY": "p"], "p:80"),
        ] as [(String, [String: String], String?)])
    func environment(url: String, environment: [String: String], expected: String?) throws {
        #expect(try Self.proxy(url, environment) == expected)
    }

    private static let exceptions =
        "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30,"
        + " 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64"

    @Test(
        "are asked but for what NO_PROXY names",
        arguments: [
            ("localhost", false), ("127.0.0.1", false), ("127.0.0.2", false), ("[::1]", false),
            ("[::2]", true), ("192.168.1.1", false), ("192.168.1.2", true), ("192.168.1.3", false),
            ("192.168.1.4", true), ("10.0.0.2", false), ("[2001:db8::52:0:1]", false),
            ("[2001:db8::52:0:2]", true), ("[2001:db8::52:0:3]", false), ("[2002:db8:a::123]", false),
            ("[fe80::424b:c8be:1643:a1b6]", true), ("barbaz.net", true), ("www.barbaz.net", false),
            ("foobar.com", false), ("www.foobar.com", false), ("foofoobar.com", true), ("baz.com", true),
            ("localhost.net", true), ("local.localhost", true), ("barbarbaz.net", true),
            ("wildcard.io", true), ("nested.wildcard.io", false), ("awildcard.io", true),
            // Ours: an IPv4 address within IPv6 is that address.
            ("[::ffff:192.168.1.1]", false), ("[::ffff:10.0.0.2]", false), ("[::ffff:127.0.0.1]", false),
        ])
    func upstream(host: String, isAsked: Bool) throws {
        let environment = ["HTTP_PROXY": "p:1", "NO_PROXY": Self.exceptions]
        #expect(try Self.proxy("http://\(host):80", environment) == (isAsked ? "p:1" : nil))
        #expect(try Self.proxy("http://\(host):80", ["HTTP_PROXY": "p:1", "NO_PROXY": "a, *"]) == nil)
    }

    @Test(
        "are asked where an entry of NO_PROXY is of another server, or means nothing",
        arguments: [
            ("example.com", ":1", true), ("example.com", "[", true), ("example.com", ".", true),
            ("example.com", "*.", true), ("10.1.2.3", "10.0.0.0/99", true), ("10.1.2.3", "10.0.0.0/-1", true),
            ("10.1.2.3", "10.0.0.0/", true), ("10.1.2.3", "/8", true), ("10.1.2.3", "fd00::/0", true),
            ("10.1.2.130", "10.1.2.0/25", true), ("10.1.2.3", "10.1.2.0/25", false),
            ("10.1.2.3", "0.0.0.0/0", false), ("api", "10.0.0.0/8", true), ("api", "", true),
            ("API.Example.com", "a api.EXAMPLE.com", false), ("api.example.com", "x,,example.com:80", false),
            ("api.example.com", "example.com:443", true),
        ])
    func entries(host: String, exceptions: String, isAsked: Bool) throws {
        let environment = ["HTTP_PROXY": "p:1", "NO_PROXY": exceptions]
        #expect(try Self.proxy("http://\(host):80", environment) == (isAsked ? "p:1" : nil))
    }

    @Test("give their user and password to the proxy alone, and no error shows them")
    func credentials() throws {
        let proxy = try ProxyAddress("http://us%40er:pa%3Ass@p:3128/", origin: "HTTPS_PROXY")
        #expect(proxy.authority == "p:3128")
        #expect(proxy.authorization == "Basic " + Base64.encode(Array("us@er:pa:ss".utf8)))
        #expect(
            try ProxyAddress("u@p", origin: "x").authorization == "Basic " + Base64.encode(Array("u:".utf8)))
        #expect(throws: ProxyError.otherKind(origin: "HTTPS_PROXY", scheme: "socks5")) {
            try ProxyAddress("socks5://p:1080", origin: "HTTPS_PROXY")
        }
        for url in [
            "http://user:secret@p:x", "http://user:secret@", "http://user:secret@p:0", "user:secret@p:70000",
            "http://user:secret@[::1", "http://user:secret@[::1]x", "http://user:secret@p q", "",
        ] {
            let error = #expect(throws: ProxyError.self) { try ProxyAddress(url, origin: "HTTP_PROXY") }
            #expect(error == .noURL(origin: "HTTP_PROXY"), "\(url)")
        }
        #expect(
            "\(ProxyError.noURL(origin: "HTTP_PROXY"))"
                == "HTTP_PROXY is no URL of a proxy: write http://HOST:PORT")
        #expect(
            "\(ProxyError.otherKind(origin: "HTTPS_PROXY", scheme: "https"))"
                == "HTTPS_PROXY names a proxy that is asked by https, which is not supported: name an http:// proxy"
        )
    }
}
