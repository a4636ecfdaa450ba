import JSON
import Neuron
import NeuronTools
import SystemIO
import TestSupport
import Testing

@Suite(
    "deploy/ecs, as AWS's linter and a stand-in for AWS take it", .enabled(if: Python.has("moto", "cfnlint")),
    .timeLimit(.minutes(10)))
struct ECSDeploymentTests {
    /// Types that the templates let one choose: UltraServers are not launched one by one.
    static let types = InstanceType.all.map(\.name).filter { !$0.hasPrefix("trn3") && $0 != "trn2u.48xlarge" }

    /// What both make of the templates; made once, for it takes seconds.
    static let report = Task {
        let peer = try PythonPeer("ecs_peer.py", types)
        let text = try await peer.text()
        await peer.finish()
        return try JSON(parsing: Array(text.utf8))
    }

    @Test("has no finding of cfn-lint")
    func lint() async throws {
        #expect(try await Self.report.value["findings"] == [])
    }

    @Test("gives a task of each type what `ganglion ecs` prints for it", arguments: types)
    func definition(type: String) async throws {
        let made = try #require(try await Self.report.value["definitions"]?[type])
        let output = try ECSCommand.output([
            "-t", type, "--log-group", "l", "--region", "us-east-1", "--execution-role",
            "arn:aws:iam::123456789012:role/r",
        ])
        let printed = try JSON(parsing: Array(output.text.utf8))
        for (member, value) in try #require(printed["containerDefinitions"]?[0]?.object) {
            #expect(made["containerDefinitions"]?[0]?[member] == value, "\(member)")
        }
        #expect(made["family"] == printed["family"])
        #expect(made["networkMode"] == printed["networkMode"])
        #expect(made["compatibilities"] == printed["requiresCompatibilities"])
        #expect(made["expression"] == printed["placementConstraints"]?[0]?["expression"])
    }

    @Test("makes cluster, instances and service in one step")
    func parent() async throws {
        let report = try await Self.report.value
        #expect(report["status"] == "CREATE_COMPLETE")
        #expect(report["outputs"] == ["ClusterName", "TaskDefinitionArn"])
        #expect(report["groups"] == [[0, 2, 2]])
        #expect(report["instanceTypes"] == ["inf2.24xlarge"])
        #expect(report["roles"] == 2)
        #expect(report["services"] == [[2, "EC2"]])
    }

    @Test("opens no port to everybody, and lets nobody do more than ECS's agent and its pulling need")
    func rights() async throws {
        let report = try await Self.report.value
        #expect(report["openToAll"] == 0)
        let actions = try #require(report["actions"]?.array).compactMap(\.string)
        #expect(
            actions == [
                "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken",
                "ecr:GetDownloadUrlForLayer", "ecs:DeregisterContainerInstance", "ecs:DiscoverPollEndpoint",
                "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:StartTelemetrySession",
                "ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange",
                "ecs:SubmitTaskStateChange",
                "ecs:UpdateContainerInstancesState", "logs:CreateLogStream", "logs:PutLogEvents",
            ])
    }
}
