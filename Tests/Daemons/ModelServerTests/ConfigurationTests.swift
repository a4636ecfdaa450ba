import Glibc
import Testing

@testable import ModelServer

@Suite("Settings of the model server")
struct ConfigurationTests {
    @Test("models come from the command line, else from the environment")
    func models() throws {
        let environment = #"[{"name":"m","uri":"file:///m","version":"2"},{"name":"n","uri":"/n"}]"#
        #expect(
            try ModelSpecification.list(arguments: [], environment: environment) == [
                ModelSpecification(name: "m", version: "2", uri: "file:///m"),
                ModelSpecification(name: "n", uri: "/n"),
            ])
        #expect(
            try ModelSpecification.list(arguments: ["a=/x=y"], environment: environment)
                == [ModelSpecification(name: "a", uri: "/x=y")])
    }

    @Test(
        "it serves on every address of its pod, and on one where the host's network is shared",
        arguments: [
            (nil, nil, "127.0.0.1:8080"), ("", "", "127.0.0.1:8080"), (nil, "9100", "127.0.0.1:9100"),
            ("10.88.0.7", nil, ":8080"), ("fd00::7", "9100", ":9100"), ("127.88.0.7", "", "127.88.0.7:8080"),
            // What Kubernetes sets beside a Service named ganglion is another's port.
            ("10.0.0.7", "tcp://10.96.0.5:8080", ":8080"),
        ] as [(String?, String?, String)])
    func address(podIP: String?, port: String?, address: String) {
        #expect(ModelServerCommand.defaultAddress(podIP: podIP, port: port) == address)
    }

    @Test(
        "what cannot be served is said in one sentence",
        arguments: [
            ([], nil, "there is no model to serve: give --model NAME=/DIRECTORY or set GANGLION_MODELS"),
            ([], "[]", "there is no model to serve: give --model NAME=/DIRECTORY or set GANGLION_MODELS"),
            (
                [], "{", "GANGLION_MODELS is no JSON list: write [{\"name\":\"NAME\",\"uri\":\"/DIRECTORY\"}]"
            ),
            (
                [], #"[{"name":"m"}]"#,
                "GANGLION_MODELS holds {\"name\":\"m\"}, which lacks a name or uri: write"
                    + " {\"name\":\"NAME\",\"uri\":\"/DIRECTORY\"}"
            ),
            (["/m"], nil, "--model /m has no name: write NAME=/m"),
            (["m="], nil, "the model \"m\" has no URI: write m=/DIRECTORY"),
            (
                ["a/b=/m"], nil,
                "the model name \"a/b\" is not usable: write 1 to 128 letters, digits, dots, dashes or underscores"
            ),
            (
                ["..=/m"], nil,
                "the model name \"..\" is not usable: write 1 to 128 letters, digits, dots, dashes or underscores"
            ),
            (["m=/a", "m=/b"], nil, "two models are called \"m\": give each a name of its own"),
        ] as [([String], String?, String)])
    func faults(arguments: [String], environment: String?, sentence: String) {
        #expect(throws: ServerError(sentence)) {
            try ModelSpecification.list(arguments: arguments, environment: environment)
        }
    }

    @Test(
        "a server takes no more connections than it may have descriptors, and a few at least",
        arguments: [(1280, 1 << 20, 1280), (1280, 1024, 960), (1280, 70, 16), (8, 1024, 8)])
    func connections(wanted: Int, limit: Int, expected: Int) {
        #expect(DescriptorLimit.connections(wanted: wanted, limit: limit) == expected)
    }

    @Test("the limit of descriptors is raised as far as it goes")
    func descriptors() {
        let limit = DescriptorLimit.raise()
        #expect(limit > 0 && DescriptorLimit.raise() == limit)
        var now = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &now) == 0)
        #expect(now.rlim_cur == now.rlim_max && Int(clamping: now.rlim_cur) == limit)
    }

    @Test("cores divide into groups of the tensor parallel degree")
    func groups() throws {
        #expect(try GroupPlan(cores: 0..<12, degree: 4).groups == [0..<4, 4..<8, 8..<12])
        #expect(try GroupPlan(cores: 2..<4, degree: 1).groups == [2..<3, 3..<4])
        #expect(try GroupPlan(cores: 4..<8, degree: 4).groups == [4..<8])
    }

    @Test(
        "degrees that do not divide are refused with those that do",
        arguments: [
            (8, 3, "1, 2, 4 or 8"), (8, 16, "1, 2, 4 or 8"), (8, 0, "1, 2, 4 or 8"), (1, 2, "1"),
            (7, -1, "1 or 7"),
        ])
    func degrees(count: Int, degree: Int, valid: String) {
        #expect(
            throws: ServerError(
                "the tensor parallel degree \(degree) does not divide the \(count) visible cores: set it to"
                    + " \(valid)")
        ) { try GroupPlan(cores: 0..<count, degree: degree) }
    }
}
