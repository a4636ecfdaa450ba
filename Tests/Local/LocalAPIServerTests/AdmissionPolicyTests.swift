// The chart's admission policies, as Helm renders them, over requests: their expressions run in the local cluster's CEL. A
// real API server answered the same to the same requests.

import JSON
import TestSupport
import Testing

@testable import CEL
@testable import LocalAPIServer

/// A request for admission.
struct AdmissionRequest: Sendable, CustomTestStringConvertible {
    var what: String
    var user = "kubernetes-admin"
    /// The node in the user's token.
    var node: String?
    var operation = "UPDATE"
    var resource = "pods"
    var subresource = ""
    var group = ""
    var name = ""
    var old: JSON = .null
    var object: JSON = .null
    /// Part of the sentence that refuses it; nil where it is allowed.
    var refusal: String?

    var testDescription: String { what }

    /// The variables of its expressions.
    var variables: [String: CELValue] {
        var info: JSON = ["username": .string(user), "groups": ["system:authenticated"]]
        if let node { info.extra = ["authentication.kubernetes.io/node-name": [.string(node)]] }
        let request: JSON = [
            "userInfo": info, "name": .string(name), "operation": .string(operation),
            "subResource": .string(subresource),
            "resource": ["group": .string(group), "version": "v1", "resource": .string(resource)],
        ]
        return ["request": CELValue(request), "object": CELValue(object), "oldObject": CELValue(old)]
    }
}

/// A ValidatingAdmissionPolicy.
private struct Policy {
    let spec: JSON

    /// Why it refuses a request; nil where it does not.
    func refusal(of request: AdmissionRequest) throws -> String? {
        guard matches(request) else { return nil }
        var variables = request.variables
        for condition in spec.matchConditions?.array ?? [] {
            let value = try evaluate(condition.expression, variables)
            if value != .bool(true) { return nil }
        }
        // The real server evaluates a variable where it is used: one that fails is no fault elsewhere.
        var values: [CELValue: CELValue] = [:]
        for variable in spec.variables?.array ?? [] {
            guard let value = try? evaluate(variable.expression, variables) else { continue }
            values[.string(variable.name?.string ?? "")] = value
            variables["variables"] = .map(values)
        }
        for validation in spec.validations?.array ?? [] {
            if try evaluate(validation.expression, variables) == .bool(true) { continue }
            if validation.messageExpression != nil,
                case .string(let text) = try evaluate(validation.messageExpression, variables)
            {
                return text
            }
            return validation.message?.string ?? ""
        }
        return nil
    }

    private func evaluate(_ expression: JSON?, _ variables: [String: CELValue]) throws -> CELValue {
        try CELProgram(expression?.string ?? "").evaluate(variables)
    }

    private func matches(_ request: AdmissionRequest) -> Bool {
        let resource = request.resource + (request.subresource.isEmpty ? "" : "/" + request.subresource)
        return (spec.matchConstraints?.resourceRules?.array ?? []).contains { rule in
            rule.apiGroups?.array?.contains(.string(request.group)) == true
                && rule.resources?.array?.contains(.string(resource)) == true
                && rule.operations?.array?.contains(.string(request.operation)) == true
        }
    }
}

@Suite("The chart's admission policies", .enabled(if: Python.has("helm_python", "yaml")))
struct AdmissionPolicyTests {
    private static func refusal(of request: AdmissionRequest, nodeLabel: Bool = true) async throws -> String?
    {
        let policies = try await ChartObjects.rendered(nodeLabel: nodeLabel)
            .filter { $0.kind == "ValidatingAdmissionPolicy" }.map { Policy(spec: $0.spec ?? [:]) }
        #expect(policies.count == 2)
        for policy in policies { if let refusal = try policy.refusal(of: request) { return refusal } }
        return nil
    }

    private static let agent = "system:serviceaccount:ganglion-system:ganglion-node-agent"
    private static let `operator` = "system:serviceaccount:ganglion-system:ganglion-operator"

    private static func neuronNode(
        _ what: String, by node: String?, _ name: String, operation: String = "UPDATE",
        subresource: String = "status", user: String = agent, refusal: String? = nil
    ) -> AdmissionRequest {
        AdmissionRequest(
            what: what, user: user, node: node, operation: operation, resource: "neuronnodes",
            subresource: subresource, group: "ganglion.dev", name: name,
            old: operation == "CREATE" ? .null : ["metadata": ["name": .string(name)]],
            object: operation == "DELETE" ? .null : ["metadata": ["name": .string(name)]], refusal: refusal)
    }

    private static let neuronNodes = [
        neuronNode("its own status", by: "a", "a"),
        neuronNode("its own, made", by: "a", "a", operation: "CREATE", subresource: ""),
        neuronNode(
            "another's status", by: "a", "b",
            refusal: "the node agent of a may write what is its own node's only, not b"),
        neuronNode(
            "another's, made", by: "a", "b", operation: "CREATE", subresource: "", refusal: "its own node's"),
        neuronNode(
            "another's, deleted", by: "a", "b", operation: "DELETE", subresource: "",
            refusal: "its own node's"),
        neuronNode("by a token without a node", by: nil, "a", refusal: "names no node"),
        neuronNode("by a token of an empty name", by: "", "", refusal: "names no node"),
        neuronNode("by an administrator", by: nil, "b", user: "kubernetes-admin"),
        neuronNode(
            "by an account of that name elsewhere", by: "a", "b",
            user: "system:serviceaccount:other:ganglion-node-agent"),
    ]

    @Test("a node agent writes its own NeuronNode and no other", arguments: neuronNodes)
    func ownNeuronNode(request: AdmissionRequest) async throws {
        for nodeLabel in [true, false] {
            let refusal = try await Self.refusal(of: request, nodeLabel: nodeLabel)
            #expect((refusal == nil) == (request.refusal == nil))
            #expect(refusal?.contains(request.refusal ?? "") != false, "\(refusal ?? "")")
        }
    }

    private static func event(
        _ what: String, kind: String = "Node", _ name: String = "a", instance: String = "a",
        controller: String = "ganglion.dev/node-agent", before: String? = nil, user: String = agent,
        isRefused: Bool = true
    ) -> AdmissionRequest {
        func event(_ instance: String) -> JSON {
            [
                "reportingController": .string(controller), "reportingInstance": .string(instance),
                "regarding": ["kind": .string(kind), "name": .string(name)],
            ]
        }
        return AdmissionRequest(
            what: what, user: user, node: "a", operation: before == nil ? "CREATE" : "UPDATE",
            resource: "events", group: "events.k8s.io", name: "a.17c", old: before.map(event) ?? .null,
            object: event(instance), refusal: isRefused ? "in its own name" : nil)
    }

    private static let events = [
        event("about its node", isRefused: false),
        event("about a pod", kind: "Pod", "p", isRefused: false),
        event("a series of its own", before: "a", isRefused: false),
        event("about another node", "b"), event("about a server", kind: "ModelServer", "m"),
        event("in another agent's name", instance: "b"),
        event("in the operator's name", controller: "ganglion.dev/operator"),
        event("over another agent's", before: "b"),
        event("by the operator", controller: "ganglion.dev/operator", user: `operator`, isRefused: false),
    ]

    @Test("a node agent writes events in its own name, about its node and about pods", arguments: events)
    func ownEvents(request: AdmissionRequest) async throws {
        for nodeLabel in [true, false] {
            let refusal = try await Self.refusal(of: request, nodeLabel: nodeLabel)
            #expect((refusal == nil) == (request.refusal == nil))
            #expect(refusal?.contains(request.refusal ?? "") != false, "\(refusal ?? "")")
        }
    }

    private static let node: JSON = [
        "metadata": [
            "name": "a", "labels": ["zone": "z"], "annotations": ["x": "y"], "managedFields": [],
            "resourceVersion": "1",
        ],
        "spec": ["providerID": "aws:///z/i-1"], "status": ["phase": "Running"],
    ]

    private static func node(
        _ what: String, name: String = "a", isRefused: Bool = true, _ change: (inout JSON) -> Void
    ) -> AdmissionRequest {
        var object = node
        object[path: ["metadata", "resourceVersion"]] = "2"
        object[path: ["metadata", "managedFields"]] = [["manager": "ganglion-node-agent"]]
        change(&object)
        return AdmissionRequest(
            what: what, user: agent, node: "a", resource: "nodes", name: name, old: node, object: object,
            refusal: isRefused ? "" : nil)
    }

    private static let nodes = [
        node("its label", isRefused: false) {
            $0[path: ["metadata", "labels", "neuron.amazonaws.com/present"]] = "true"
        },
        node("nothing", isRefused: false) { _ in },
        node("its label on another node", name: "b") {
            $0[path: ["metadata", "labels", "neuron.amazonaws.com/present"]] = "true"
        },
        node("its label with another value") {
            $0[path: ["metadata", "labels", "neuron.amazonaws.com/present"]] = "false"
        },
        node("another label") { $0[path: ["metadata", "labels", "pool"]] = "x" },
        node("another label's value") { $0[path: ["metadata", "labels", "zone"]] = "x" },
        node("another label away") {
            $0[path: ["metadata", "labels"]] = ["neuron.amazonaws.com/present": "true"]
        },
        node("all labels away") { $0.metadata?.labels = nil },
        node("an annotation") { $0[path: ["metadata", "annotations", "x"]] = "z" },
        node("annotations away") { $0.metadata?.annotations = nil },
        node("a finalizer") { $0.metadata?.finalizers = ["x/y"] },
        node("an owner") { $0.metadata?.ownerReferences = [["name": "b"]] },
        node("a taint") { $0.spec?.taints = [["key": "k", "effect": "NoExecute"]] },
        node("a cordon") { $0.spec?.unschedulable = true },
        node("its spec away") { $0.spec = nil },
    ]

    @Test("of its Node an agent writes one label, and takes it away", arguments: nodes)
    func ownNode(request: AdmissionRequest) async throws {
        #expect((try await Self.refusal(of: request) == nil) == (request.refusal == nil))
        var back = request
        (back.old, back.object) = (request.object, request.old)
        // What it may do, it may undo; of the rest, nothing. A value that somebody else has set may go.
        let isAllowed = request.refusal == nil || request.what == "its label with another value"
        #expect((try await Self.refusal(of: back) == nil) == isAllowed)
    }

    private static func pod(
        _ what: String, _ before: String?, _ after: String?, user: String = "kubernetes-admin",
        operation: String = "UPDATE", resource: String = "pods", subresource: String = "",
        isRefused: Bool = false
    ) -> AdmissionRequest {
        func object(_ cores: String?) -> JSON {
            var object: JSON = ["metadata": ["name": "p", "annotations": ["x": "y"]]]
            if let cores {
                object[path: ["metadata", "annotations", "ganglion.dev/neuroncores"]] = .string(cores)
            }
            return object
        }
        return AdmissionRequest(
            what: what, user: user, operation: operation, resource: resource, subresource: subresource,
            name: "p", old: operation == "CREATE" ? .null : object(before), object: object(after),
            refusal: isRefused ? "" : nil)
    }

    private static let pods = [
        pod("a pod without", nil, nil, operation: "CREATE"),
        pod("a pod with", nil, "0-3", operation: "CREATE", isRefused: true),
        pod("a pod with, by the operator", nil, "0-3", user: `operator`, operation: "CREATE"),
        pod("set", nil, "0-3", isRefused: true), pod("changed", "0-3", "4-7", isRefused: true),
        pod("removed", "0-3", nil, isRefused: true), pod("kept", "0-3", "0-3"),
        pod("changed by the operator", "0-3", "4-7", user: `operator`),
        pod("set by a write of the status", nil, "0-3", subresource: "status", isRefused: true),
        pod("a status of a pod that has it", "0-3", "0-3", subresource: "status"),
        pod("a status by its kubelet", "0-3", "0-3", user: "system:node:a", subresource: "status"),
        pod("a binding with", nil, "0-3", operation: "CREATE", subresource: "binding", isRefused: true),
        pod(
            "a binding by the operator", nil, "0-3", user: `operator`, operation: "CREATE",
            subresource: "binding"),
        pod("a binding without", nil, nil, operation: "CREATE", subresource: "binding"),
        pod("the older binding", nil, "0-3", operation: "CREATE", resource: "bindings", isRefused: true),
        pod(
            "an operator elsewhere", nil, "0-3", user: "system:serviceaccount:other:ganglion-operator",
            isRefused: true),
        pod("by a node agent", nil, "0-3", user: agent, isRefused: true),
    ]

    @Test("only the operator writes the annotation of assigned cores", arguments: pods)
    func assignedCores(request: AdmissionRequest) async throws {
        let refusal = try await Self.refusal(of: request)
        #expect((refusal == nil) == (request.refusal == nil))
        #expect(refusal?.contains("set spec.schedulerName to ganglion-operator") != false)
    }

    @Test("an object without any annotations is no fault")
    func bare() async throws {
        let bare: JSON = ["metadata": ["name": "p"]]
        let request = AdmissionRequest(what: "", name: "p", old: bare, object: bare)
        #expect(try await Self.refusal(of: request) == nil)
    }
}
