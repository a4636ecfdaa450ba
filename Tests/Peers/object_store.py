"""S3, STS and IMDSv2 by moto, and requests signed by botocore.

usage: object_store.py serve    serves until standard input ends; prints the address, the keys of a user, and "ready"
       object_store.py sign N   prints N random requests with botocore's Authorization, a JSON object on each line
"""

import datetime
import json
import os
import random
import sys
import threading
import urllib.request

BUCKET = "models"


def content(name, size):
    return random.Random(name).randbytes(size)


class Checked:
    """Moto behind a check of signatures by botocore. (Moto's own takes the path apart before it signs it, and refuses boto3.)"""

    def __init__(self, application):
        self.application = application
        self.secrets = None

    def __call__(self, environ, start_response):
        isOpen = environ["PATH_INFO"].startswith("/latest/") or environ["REQUEST_METHOD"] == "POST"
        if self.secrets is not None and not isOpen and (code := self.fault(environ)):
            start_response("403 Forbidden", [("content-type", "application/xml")])
            return [f"<Error><Code>{code}</Code><Message>The request is refused</Message></Error>".encode()]
        return self.application(environ, start_response)

    def fault(self, environ):
        import botocore.auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        from moto.sts.models import sts_backends

        header = environ.get("HTTP_AUTHORIZATION", "")
        if not header.startswith("AWS4-HMAC-SHA256 "):
            return "AccessDenied"
        parts = dict(part.strip().split("=", 1) for part in header.split(" ", 1)[1].split(","))
        name, _, region, service, _ = parts["Credential"].split("/")
        secrets, token = dict(self.secrets), None
        for backends in sts_backends.values():
            for backend in backends.values():
                for role in backend.assumed_roles:
                    secrets[role.access_key_id] = role.secret_access_key
                    if role.access_key_id == name:
                        token = role.session_token
        if name not in secrets:
            return "InvalidAccessKeyId"
        if token != environ.get("HTTP_X_AMZ_SECURITY_TOKEN"):
            return "InvalidToken"
        signed = parts["SignedHeaders"].split(";")
        headers = {field: environ["HTTP_" + field.upper().replace("-", "_")] for field in signed}
        for required in ["host", "x-amz-date", "x-amz-content-sha256"]:
            if required not in signed:
                return "AccessDenied"
        request = AWSRequest(method=environ["REQUEST_METHOD"], url="http://" + headers["host"] + environ["RAW_URI"],
                             headers=headers)
        request.context["timestamp"] = headers["x-amz-date"]
        auth = botocore.auth.S3SigV4Auth(Credentials(name, secrets[name]), service, region)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return None if auth.signature(text, request) == parts["Signature"] else "SignatureDoesNotMatch"


def serve():
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, *arguments):
            pass

    checked = Checked(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, checked, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    options = dict(endpoint_url=address, region_name="us-east-1",
                   aws_access_key_id="setup", aws_secret_access_key="setup")
    s3 = boto3.client("s3", **options)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="minilm/", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="minilm/config.json", Body=b"{}", ChecksumAlgorithm="CRC32")
    s3.put_object(Bucket=BUCKET, Key="minilm/deep/a b+c\u00e9&<.bin", Body=content("deep", 70_000),
                  ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket=BUCKET, Key="minilm/empty", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="minilm2/other", Body=b"not below the prefix")
    s3.put_object(Bucket=BUCKET, Key="one.bin", Body=content("one", 3_000_000))
    for index in range(1_234):
        s3.put_object(Bucket=BUCKET, Key=f"many/{index:05}", Body=b"%d" % index)
    iam = boto3.client("iam", **options)
    iam.create_user(UserName="reader")
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(allow))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "x"},
                                                     "Action": "sts:AssumeRoleWithWebIdentity"}]}
    iam.create_role(RoleName="pod", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="pod", PolicyName="read", PolicyDocument=json.dumps(allow))
    print(json.dumps({"address": address, "id": key["AccessKeyId"], "key": key["SecretAccessKey"]}), flush=True)
    for line in sys.stdin:
        # "auth": every request needs a valid signature from now on.
        checked.secrets = {key["AccessKeyId"]: key["SecretAccessKey"]}
        print("ok", line.strip(), flush=True)
    server.shutdown()


def sign(count):
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    letters = "abcXYZ019-_.~ /+=&%$@!*'();:?#[]\u00e9\u4e2d\U0001f600"
    rng = random.Random(7)

    def word(most, alphabet=letters):
        return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, most)))

    for index in range(count):
        moment = datetime.datetime.fromtimestamp(rng.randint(1_000_000_000, 2_000_000_000), datetime.timezone.utc)
        botocore.auth.get_current_datetime = lambda *a, **k: moment.replace(tzinfo=None)
        service = rng.choice(["s3", "sts", "execute-api"])
        key = word(20).replace("//", "/").lstrip("/")
        path = "/" + urllib.request.quote(key, safe="/-_.~")
        names = list({word(5) or "n" for _ in range(rng.randint(0, 4))})
        query = [(name, word(6)) for name in names]
        headers = {"X-Test-" + str(n): word(12, "abc ,;=  ") for n in range(rng.randint(0, 3))}
        body = word(20).encode() if rng.random() < 0.3 else b""
        url = "https://host.example.com" + path
        if query:
            url += "?" + "&".join(
                urllib.request.quote(n, safe="-_.~") + "=" + urllib.request.quote(v, safe="-_.~") for n, v in query)
        token = "token/" + word(9, "abc+/=") if rng.random() < 0.5 else None
        secret = word(30, "abc+/XYZ12") or "s"
        region = rng.choice(["us-east-1", "eu-central-1", "cn-north-1"])
        request = AWSRequest(method=rng.choice(["GET", "PUT", "POST", "HEAD"]), url=url, headers=dict(headers),
                             data=body)
        kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        request.context["payload_signing_enabled"] = True
        kind(Credentials("AKID%d" % index, secret, token), service, region).add_auth(request)
        print(json.dumps({
            "time": int(moment.timestamp()), "service": service, "region": region, "id": "AKID%d" % index,
            "secret": secret, "token": token, "method": request.method, "path": path,
            "query": query, "headers": headers, "body": body.decode(),
            "authorization": request.headers["Authorization"]}))


if __name__ == "__main__":
    os.environ.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
    serve() if sys.argv[1] == "serve" else sign(int(sys.argv[2]))
