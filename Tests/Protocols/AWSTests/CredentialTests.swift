// Where credentials are looked for, in which order, and how long they hold.

import HTTP
import HTTP1
import HTTPProxy
import SystemIO
import TLS
import TestSupport
import Testing
import WebClient

@testable import AWS

@Suite("Credentials of AWS", .timeLimit(.minutes(2)))
struct CredentialTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func source(
        _ variables: [String: String], now: @escaping @Sendable () -> Int64 = { 0 }
    ) throws(CredentialError) -> CredentialSource {
        let variables = ["HOME": directory.path].merging(variables) { $1 }
        return try CredentialSource(environment: { variables[$0] }, client: WebClient { _ in }, now: now)
    }

    private func write(_ name: String, _ text: String) throws {
        try Files.makeDirectory(directory.path + "/.aws")
        try Files.write(directory.path + "/.aws/" + name, Array(text.utf8))
    }

    @Test("the environment comes first, then the shared files with their profiles")
    func order() async throws {
        try write(
            "credentials",
            """
            # comment
            [default]
            aws_access_key_id = DEFAULT
            aws_secret_access_key=secret=with=signs
            [other]
              aws_access_key_id = wrong
            aws_access_key_id = OTHER
            aws_secret_access_key = s
            aws_session_token = t
            """)
        try write("config", "[profile other]\nregion = eu-west-1\ns3 =\n  addressing_style = virtual\n")
        let fixed = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "other"]
        #expect(try await source(fixed).credentials().accessKeyID == "ENV")
        let ordinary = try await source([:]).credentials()
        #expect(ordinary.accessKeyID == "DEFAULT")
        #expect(ordinary.secretAccessKey == "secret=with=signs")
        let other = try await source(["AWS_PROFILE": "other"]).credentials()
        #expect(other == AWSCredentials(accessKeyID: "OTHER", secretAccessKey: "s", sessionToken: "t"))
        let home = directory.path
        let profile = try SharedProfile { ["HOME": home, "AWS_PROFILE": "other"][$0] }
        #expect(profile.settings["region"] == "eu-west-1")
        #expect(profile.settings["s3.addressing_style"] == "virtual")
    }

    @Test(
        "what is configured by half or in a way that is not known is refused by name",
        arguments: [
            (["AWS_ACCESS_KEY_ID": "x"], "", "AWS_SECRET_ACCESS_KEY"),
            (["AWS_PROFILE": "absent"], "", "AWS_PROFILE is absent"),
            (["AWS_WEB_IDENTITY_TOKEN_FILE": "/x"], "", "AWS_ROLE_ARN"),
            ([:], "[default]\nrole_arn = a\nsource_profile = b", "role_arn"),
            ([:], "[default]\ncredential_process = /bin/x", "credential_process"),
            ([:], "[default]\nsso_session = x", "sso_session"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"], "", "over plain http"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.example.com/x"], "", "over plain http"),
            (["AWS_EC2_METADATA_DISABLED": "true"], "", "AWS_EC2_METADATA_DISABLED"),
        ] as [([String: String], String, String)])
    func refusals(variables: [String: String], file: String, words: String) async throws {
        try write("config", file)
        let error = #expect(throws: CredentialError.self) { try source(variables) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("the container's endpoint is asked with its token, and anew before its credentials expire")
    func container() async throws {
        let asked = Lock<[String]>([])
        let count = Lock(0)
        let server = HTTPServer { request in
            asked.withLock { $0.append(request.headers["authorization"] ?? "none") }
            let number = count.withLock { count in
                count += 1
                return count
            }
            return .text(
                200,
                #"{"AccessKeyId":"K\#(number)","SecretAccessKey":"s","Token":"t","Expiration":"1970-01-01T01:00:00Z"}"#,
                type: "application/json")
        }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        try Files.write(directory.path + "/token", Array("first\n".utf8))
        let clock = Lock<Int64>(0)
        let source = try source(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://\(address)/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": directory.path + "/token",
            ]) { clock.withLock { $0 } }
        #expect(try await source.credentials().accessKeyID == "K1")
        clock.withLock { $0 = 3_600 - 451 }
        #expect(try await source.credentials().accessKeyID == "K1")
        try Files.write(directory.path + "/token", Array("renewed".utf8))
        clock.withLock { $0 = 3_600 - 450 }
        #expect(try await source.credentials().accessKeyID == "K2")
        #expect(asked.withLock { $0 } == ["first", "renewed"])
        // Nobody answers any more: what is known holds until its end, and not a second longer.
        await server.shutdown(grace: .zero)
        #expect(try await source.credentials().accessKeyID == "K2")
        clock.withLock { $0 = 3_600 }
        await #expect(throws: CredentialError.self) { try await source.credentials() }
    }

    @Test("the container's and the instance's endpoints are asked without a proxy, whatever is configured")
    func proxies() async throws {
        let authority = try CertificateAuthority(commonName: "test")
        let security = try TLSServer(
            identity: authority.issueServerCertificate(hosts: ["0.0.0.0"]).identity, protocols: ["http/1.1"])
        let end = "1970-01-01T01:00:00Z"
        let answer = #"{"AccessKeyId":"K","SecretAccessKey":"s","Token":"t","Expiration":"\#(end)"}"#
        // Any address of this machine that is not its loopback, to which no proxy is asked anyway.
        let anywhere = try SocketAddress(parsing: "0.0.0.0:0")
        let container = HTTPServer(security: security) { _ in .text(200, answer) }
        let instance = HTTPServer { _ in .text(200, answer) }
        let secure = try await container.listen(on: anywhere)
        let plain = try await instance.listen(on: anywhere)
        let client = WebClient(
            trust: .authorities(authority.certificatePEM), proxies: ProxySettings { _ in "127.0.0.1:1" }
        ) { _ in }
        let home = directory.path
        for variables in [
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://\(secure)/"],
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://\(plain)"],
        ] {
            let source = try CredentialSource(
                environment: { variables[$0] ?? ($0 == "HOME" ? home : nil) }, client: client, now: { 0 })
            #expect(try await source.credentials().accessKeyID == "K")
        }
        await container.shutdown(grace: .zero)
        await instance.shutdown(grace: .zero)
    }

    @Test("a token that no header takes is not sent")
    func tokenWithLines() async throws {
        try Files.write(directory.path + "/token", Array("a\r\nx-evil: 1".utf8))
        let source = try source([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": directory.path + "/token",
        ])
        let error = await #expect(throws: CredentialError.self) { try await source.credentials() }
        #expect(error?.description.contains("no header takes") == true)
    }
}

@Suite("Listings of objects")
struct ListingTests {
    @Test("keys are decoded, markup is undone, the next page is found")
    func page() throws {
        let text = """
            <?xml version="1.0"?><!-- c --><ListBucketResult xmlns="x"><Name>b</Name><IsTruncated>true</IsTruncated>
            <Contents><Key>a%20b%2B+c</Key><ETag>&quot;1&#x32;&quot;</ETag><Size>3</Size></Contents>
            <Contents><Key><![CDATA[d]]></Key><Size>4</Size><Owner><ID>x</ID></Owner></Contents>
            <NextContinuationToken>t</NextContinuationToken></ListBucketResult>
            """
        let listing = try #require(ObjectListing(Array(text.utf8)))
        #expect(
            listing.objects == [
                BucketObject(key: "a b+ c", size: 3, tag: "\"12\""), BucketObject(key: "d", size: 4, tag: ""),
            ])
        #expect(listing.next == "t")
    }

    @Test(
        "what is no listing is none",
        arguments: [
            "", "<html></html>", "<ListBucketResult>", "<ListBucketResult><Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult></ListBucketResult>",
        ])
    func malformed(text: String) { #expect(ObjectListing(Array(text.utf8)) == nil) }
}
