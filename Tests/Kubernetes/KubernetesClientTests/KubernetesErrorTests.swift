// The server's Status objects, recorded, as callers see them.

import GanglionAPI
import JSON
import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite("Errors of the API server")
struct KubernetesErrorTests {
    @Test(
        "are told apart by code and reason",
        arguments: [
            ("50-404-object", 404, "NotFound"), ("52-409-alreadyexists", 409, "AlreadyExists"),
            ("53-409-conflict", 409, "Conflict"), ("74-bind-conflict", 409, "Conflict"),
            ("40-list-exact-old", 410, "Expired"), ("54-422-invalid", 422, "Invalid"),
            ("65b-eviction-429", 429, "TooManyRequests"), ("61b-403-create", 403, "Forbidden"),
        ])
    func captured(name: String, code: Int, reason: String) throws {
        let error = KubernetesError.status(APIStatus(try Captures.body(name)))
        #expect(error.code == code)
        #expect(error.reason == reason)
        #expect(error.isNotFound == (code == 404))
        #expect(error.isAlreadyExists == (reason == "AlreadyExists"))
        #expect(error.isConflict == (reason == "Conflict"))
        #expect(error.isGone == (code == 410))
        #expect(error.isTransient == (code == 429))
    }

    @Test("list the faults of an invalid object")
    func causes() throws {
        let status = APIStatus(try Captures.body("124-cr-violates-cel"))
        #expect(
            status.causes == [
                .init(
                    reason: "FieldValueInvalid", message: "Invalid value: cores must not exceed maxCores",
                    field: "spec.cores")
            ])
        let late = KubernetesError.status(APIStatus(try Captures.body("35b-list-future-rv")))
        #expect(late.isResourceVersionTooLarge)
    }

    @Test("say what happened in one sentence")
    func sentences() {
        let status = APIStatus(code: 404, reason: "NotFound", message: "pods \"x\" not found")
        #expect(
            "\(KubernetesError.status(status))"
                == "the API server answered 404 NotFound: pods \"x\" not found")
        #expect(
            "\(KubernetesError.timedOut(after: .seconds(5), request: "GET /x"))"
                == "the API server did not answer GET /x within 5.0 seconds")
        #expect("\(KubernetesError.connection("refused"))" == "the API server cannot be reached: refused")
    }
}

@Suite("Paths of the API")
struct APIResourceTests {
    @Test("follow group, namespace and name")
    func paths() {
        #expect(APIResource.pods.path() == "/api/v1/pods")
        #expect(APIResource.pods.path(namespace: "n", name: "p") == "/api/v1/namespaces/n/pods/p")
        #expect(APIResource.nodes.path(namespace: "n", name: "p") == "/api/v1/nodes/p")
        #expect(
            APIResource.modelServers.path(namespace: "n", name: "m", subresource: "status")
                == "/apis/ganglion.dev/v1alpha1/namespaces/n/modelservers/m/status")
        #expect(
            APIResource.pods.path(namespace: "../x", name: "a b") == "/api/v1/namespaces/..%2Fx/pods/a%20b")
    }
}
