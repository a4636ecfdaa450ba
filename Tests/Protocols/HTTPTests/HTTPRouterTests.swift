import HTTP
import Testing

@Suite("Routes by method and path")
struct HTTPRouterTests {
    private static let router: HTTPRouter<String> = {
        var router = HTTPRouter<String>()
        router.on("GET", "/", "root")
        router.on("GET", "/models", "list")
        router.on("GET", "/models/{name}", "describe")
        router.on("DELETE", "/models/{name}", "delete")
        router.on(nil, "/models/{name}/versions/{version}", "version")
        router.on("GET", "/models/own", "never")
        router.on("POST", "/v1/{name}:predict", "predict")
        router.on("GET", "/v1/{name}", "one")
        router.on("GET", "/fleet/{name}/log", "log")
        router.on("DELETE", "/fleet/{name}/{part}", "part")
        router.on("GET", "/{bucket}/{key}", "object")
        router.on("GET", "/late/{key}", "never")
        router.on("GET", "/late/{key}/acl", "acl")
        return router
    }()

    @Test(
        "the first that matches answers, with the segments that the pattern leaves open",
        arguments: [
            ("GET", "/", "root []"), ("GET", "", "root []"), ("GET", "/?a=/models", "root []"),
            ("GET", "/models", "list []"), ("GET", "/models/", "list []"), ("GET", "//models", "list []"),
            ("GET", "/models/tiny?x=1", #"describe ["tiny"]"#),
            ("GET", "/models/a%2Fb", #"describe ["a/b"]"#),
            ("GET", "/models/own", #"describe ["own"]"#), ("DELETE", "/models/tiny", #"delete ["tiny"]"#),
            ("PATCH", "/models/a/versions/2", #"version ["a", "2"]"#),
            ("POST", "/models/tiny", #"only ["GET", "HEAD", "DELETE"]"#),
            // What answers GET answers HEAD (RFC 9110 §9.1), and nothing else does.
            ("HEAD", "/", "root []"), ("HEAD", "/models/tiny", #"describe ["tiny"]"#),
            ("HEAD", "/models/a/versions/2", #"version ["a", "2"]"#), ("PUT", "/", #"only ["GET", "HEAD"]"#),
            ("POST", "/v1/tiny:predict", #"predict ["tiny"]"#), ("GET", "/v1/tiny", #"one ["tiny"]"#),
            ("POST", "/v1/tiny", #"only ["GET", "HEAD"]"#), ("GET", "/v1/:predict", #"one [":predict"]"#),
            // Who has the path has it with all methods.
            ("GET", "/v1/tiny:predict", #"only ["POST"]"#),
            ("DELETE", "/fleet/a/log", #"only ["GET", "HEAD"]"#),
            ("DELETE", "/fleet/a/b", #"part ["a", "b"]"#),
            // A pattern that begins with a name stands before those of any word that came later.
            ("GET", "/late/a", #"object ["late", "a"]"#), ("GET", "/late/a/acl", #"acl ["a"]"#),
            ("GET", "/any/a", #"object ["any", "a"]"#), ("GET", "/%6Date/a", #"object ["mate", "a"]"#),
            // What is written otherwise is the same path; a slash that is encoded parts nothing.
            ("GET", "/%6Dodels/tiny", #"describe ["tiny"]"#), ("GET", "/models%2Ftiny", "nothing"),
            ("GET", "http://host:1/models/tiny?a", #"describe ["tiny"]"#),
            ("GET", "/models/caf%C3%A9", #"describe ["café"]"#), ("GET", "/models/%", #"describe ["%"]"#),
            ("GET", "/model", "nothing"), ("GET", "/models/a/b", "nothing"),
            ("GET", "/models/a/versions", "nothing"),
        ])
    func matches(method: String, target: String, expected: String) {
        let found =
            switch Self.router.match(HTTPRequest(method, target)) {
            case .handler(let name, let parameters): "\(name) \(parameters)"
            case .otherMethod(let methods): "only \(methods)"
            case .nothing: "nothing"
            }
        #expect(found == expected)
    }
}
