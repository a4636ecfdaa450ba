"""Rights and policies of the chart, as Helm's engine renders them for a cluster that has ValidatingAdmissionPolicies.

usage: chart_rights.py CHART VALUES     VALUES is JSON; prints the objects of rbac.yaml and admission.yaml as JSON
"""

import json
import sys

import helm_python
import yaml
from helm_python import _native


def main(path, values):
    with helm_python.Chart.load(path) as chart:
        # Chart.render has no argument for what the cluster serves; the engine below it has.
        options = {
            "name": "ganglion",
            "namespace": "ganglion-system",
            "api_versions": ["admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"],
        }
        files = json.loads(_native.call_string("helm_render", chart._raw(), values, json.dumps(options)))
    names = [f"ganglion/templates/{name}.yaml" for name in ("rbac", "admission")]
    objects = [item for name in names for item in yaml.safe_load_all(files[name])]
    json.dump([item for item in objects if item], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
