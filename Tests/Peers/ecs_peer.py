"""What AWS's tools make of deploy/ecs: cfn-lint's findings, and what moto, a stand-in for AWS, has created from it.

usage: ecs_peer.py TYPE ...
Prints one JSON object: findings, one task definition for each type, and what is there after the parent stack.
"""
import json
import logging
import os
import sys

os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "HOME": "/tmp"}
logging.disable(logging.CRITICAL)

import boto3
from cfnlint.api import ManualArgs, lint_file
from cfnlint.decode import cfn_yaml
from moto import mock_aws
from moto.cloudformation.models import Stack
from pathlib import Path

HERE = Path(__file__).resolve().parents[2] / "deploy" / "ecs"
NAMES = ("cluster.yml", "service.yml", "parent.yml")
# As JSON: moto splits !GetAtt at each dot, also that of Outputs.
texts = {name: json.dumps(cfn_yaml.load(str(HERE / name))) for name in NAMES}
findings = [
    f"{match.filename}: {match.rule.id} {match.message[:200]}"
    for name in NAMES
    for match in lint_file(HERE / name, config=ManualArgs(regions=["us-east-1"]))
]


def outputs(stack):
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}


# What moto 5.2 lacks: another stack's outputs as attributes.
Stack.get_cfn_attribute = lambda self, name: self.output_map[name.removeprefix("Outputs.")].value


@mock_aws
def run(types):
    formation, ecs, ec2 = boto3.client("cloudformation"), boto3.client("ecs"), boto3.client("ec2")
    s3, iam = boto3.client("s3"), boto3.client("iam")
    service, definitions = json.loads(texts["service.yml"]), {}
    for instance_type in types:
        parameters = {
            "InstanceType": instance_type, "ClusterName": "c", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
            "LogGroupName": "l", "Image": "ganglion:dev", "DesiredCount": "0",
            # moto splits a list that is given, and no default.
            "EntryPoint": service["Parameters"]["EntryPoint"]["Default"],
            "Command": service["Parameters"]["Command"]["Default"],
        }
        ecs.create_cluster(clusterName="c")
        name = instance_type.replace(".", "-")
        formation.create_stack(StackName=name, TemplateBody=texts["service.yml"], Parameters=as_list(parameters))
        arn = outputs(formation.describe_stacks(StackName=name)["Stacks"][0])["TaskDefinitionArn"]
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        # moto leaves AWS::NoValue in a list, and does not know constraints.
        linux = definition["containerDefinitions"][0]["linuxParameters"]
        linux["devices"] = [device for device in linux["devices"] if device]
        expression = service["Resources"]["TaskDefinition"]["Properties"]["PlacementConstraints"][0]["Expression"]
        definition["expression"] = expression["Fn::Sub"].replace("${InstanceType}", instance_type)
        definitions[instance_type] = definition
        formation.delete_stack(StackName=name)

    s3.create_bucket(Bucket="templates")
    parent = texts["parent.yml"]
    for name in ("cluster.yml", "service.yml"):
        s3.put_object(Bucket="templates", Key=name, Body=texts[name])
        parent = parent.replace(f'"{name}"', f'"https://templates.s3.amazonaws.com/{name}"')
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    given = {"InstanceType": "inf2.24xlarge", "VpcId": vpc, "SubnetIds": ",".join(subnets), "Image": "ganglion:dev",
             "Instances": "2"}
    formation.create_stack(
        StackName="parent", TemplateBody=parent, Parameters=as_list(given), Capabilities=["CAPABILITY_IAM"])
    stack = formation.describe_stacks(StackName="parent")["Stacks"][0]
    made = outputs(stack)
    groups = boto3.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    services = ecs.describe_services(
        cluster=made["ClusterName"], services=ecs.list_services(cluster=made["ClusterName"])["serviceArns"])["services"]
    open_to_all = [
        permission
        for group in ec2.describe_security_groups()["SecurityGroups"] if group["GroupName"] != "default"
        for permission in group["IpPermissions"] if permission["IpRanges"] or permission["Ipv6Ranges"]
    ]
    actions = sorted(
        action
        for resource in json.loads(texts["cluster.yml"])["Resources"].values() if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    )
    return {
        "findings": findings, "definitions": definitions, "status": stack["StackStatus"], "outputs": sorted(made),
        "groups": [[g["MinSize"], g["DesiredCapacity"], g["MaxSize"]] for g in groups],
        "instanceTypes": sorted({i["InstanceType"] for i in instances}),
        "services": [[s["desiredCount"], s["launchType"]] for s in services],
        "openToAll": len(open_to_all), "actions": actions,
        "roles": len(iam.list_roles()["Roles"]),
    }


def as_list(parameters):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


json.dump(run(sys.argv[1:]), sys.stdout, default=str)
