"""What the environment says: fogbank's own variables, and those that people have in compose files
for other emulators.

LocalStack's (with or without the prefix LOCALSTACK_), moto's and MiniStack's variables are honoured
where fogbank has the thing; where it hasn't, the start says so once. `FOGBANK_COMPATIBILITY=off`
leaves them all unread.
"""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from runtime.settings import CHOICES
from server.options import BY_VARIABLE, Values, boolean, listeners, port, words

COMPATIBILITY = "FOGBANK_COMPATIBILITY"
_ELSEWHERE = (COMPATIBILITY, "FOGBANK_CACHE", "FOGBANK_ENDPOINT", "FOGBANK_VECTORS")
"""Variables of ours that other parts read."""

VOLUMES = (Path("/var/lib/localstack"), Path("/var/lib/fogbank"))
"""Where PERSISTENCE=1 keeps the state: in LocalStack's volume where a compose file mounts one, or
in ours.
"""


class VariableError(ValueError):
    """One of fogbank's own variables has a value that can't be."""


class Surroundings(NamedTuple):
    """What the environment chose, by target, and what to say about it in the log."""

    own: Values
    foreign: Values
    warnings: list[str]


def read(variables: Mapping[str, str]) -> Surroundings:
    """Read all variables. Raises VariableError for one of our own that can't be understood."""
    warnings: list[str] = []
    own = _own(variables, warnings)
    foreign: Values = {}
    switch = variables.get(COMPATIBILITY, "on").lower()
    if switch in ("on", "1", "true", "yes", ""):
        foreign = _foreign(variables, warnings)
    return Surroundings(own, foreign, warnings)


def _own(variables: Mapping[str, str], warnings: list[str]) -> Values:
    values: Values = {}
    for name, text in variables.items():
        if not name.startswith("FOGBANK_") or name in _ELSEWHERE or not text:
            continue
        option = BY_VARIABLE.get(name)
        if option is None:
            warnings.append(f"{name} is not a variable of fogbank{_near(name)}")
            continue
        try:
            values[option.target] = option.read(text)
        except ValueError as failure:
            raise VariableError(f"{name}: {failure}") from None
    return values


def _near(name: str) -> str:
    from difflib import get_close_matches

    matches = get_close_matches(name, [*BY_VARIABLE, *_ELSEWHERE], n=1, cutoff=0.75)
    return f"; did you mean {matches[0]}?" if matches else ""


def _foreign(variables: Mapping[str, str], warnings: list[str]) -> Values:
    values: Values = {}
    for name, take in HONOURED.items():
        text = variables.get(name) or variables.get(f"LOCALSTACK_{name}")
        if not text:
            continue
        try:
            values.update(take(text, variables))
        except ValueError as failure:
            warnings.append(f"{name} is not understood and has no effect: {failure}")
    without: dict[str, list[str]] = {}
    for name, text in variables.items():
        if text and (reason := _reason(name)):
            without.setdefault(reason, []).append(name)
    for reason, names in without.items():
        verb = "has" if len(names) == 1 else "have"
        warnings.append(f"{', '.join(sorted(names))} {verb} no effect: {reason}")
    return values


def _reason(name: str) -> str | None:
    """Why a variable has no effect; None for one that has, and for one that is nobody's."""
    plain = name if name in HONOURED else name.removeprefix("LOCALSTACK_")
    if plain in HONOURED or name.startswith("FOGBANK_"):
        return None
    for patterns, reason in NO_EFFECT.items():
        for pattern in patterns.split():
            if fnmatchcase(name, pattern) or (plain != name and fnmatchcase(plain, pattern)):
                return reason
    return None


# what is honoured
# ----------------------------------------------------------------------------------


def _set(target: str, convert: Callable[[str], Any] = str) -> "Take":
    return lambda text, _: {target: convert(text)}


def _when(target: str, value: Any) -> "Take":
    """Choose a value when the variable is true."""
    return lambda text, _: {target: value} if boolean(text) else {}


def _services(text: str, _: Mapping[str, str]) -> Values:
    """Names as botocore has them; LocalStack once wrote them as NAME:PORT."""
    names = [word.partition(":")[0].lower() for word in words(text)]
    return {"services": [_RENAMED.get(name, name) for name in names]}


_RENAMED = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}


def _persistence(text: str, variables: Mapping[str, str]) -> Values:
    if not boolean(text):
        return {}
    if folder := variables.get("STATE_DIR"):  # MiniStack
        return {"data": Path(folder)}
    return {"data": next((volume for volume in VOLUMES if volume.is_dir()), VOLUMES[-1])}


def _gateway_listen(text: str, _: Mapping[str, str]) -> Values:
    found = listeners(text)
    if not found:
        raise ValueError("it names no address")
    first = found[0][1]
    return {
        "port": first,
        "hosts": [host for host, number in found if number == first],
        "more_listeners": [entry for entry in found if entry[1] != first],
    }


def _hostname(text: str, _: Mapping[str, str]) -> Values:
    """The name alone: ports in our URLs are the one the client came through."""
    return {"hostname": text.partition(":")[0]}


def _log(text: str, _: Mapping[str, str]) -> Values:
    levels = {"trace": "debug", "trace-internal": "debug", "warn": "warning", "critical": "error"}
    chosen = levels.get(text.lower(), text.lower())
    if chosen not in ("debug", "info", "warning", "error"):
        raise ValueError(f"'{text}' is no level of the log")
    return {"log_level": chosen}


def _debug(text: str, _: Mapping[str, str]) -> Values:
    """Only LocalStack's own values: DEBUG is everybody's variable."""
    return {"log_level": "debug"} if text.lower() in ("1", "true") else {}


def _soft(text: str, variables: Mapping[str, str]) -> Values:
    enforced = variables.get("ENFORCE_IAM") or variables.get("LOCALSTACK_ENFORCE_IAM") or "0"
    return {"config.iam": "audit"} if boolean(text) and boolean(enforced) else {}


def _queue_urls(text: str, _: Mapping[str, str]) -> Values:
    """`off` was http://HOST:PORT/ACCOUNT/NAME, which is what `dynamic` answers."""
    chosen = {"off": "dynamic"}.get(text.lower(), text.lower())
    if chosen not in CHOICES["sqs_endpoint_strategy"]:
        raise ValueError(f"'{text}' is not one of standard, domain, path, dynamic, off")
    return {"config.sqs_endpoint_strategy": chosen}


def _certificate(text: str, _: Mapping[str, str]) -> Values:
    """One file that holds the certificate and its key."""
    return {"tls": True, "tls_certificate": Path(text), "tls_key": Path(text)}


def _origins(text: str, _: Mapping[str, str]) -> Values:
    return {"cors_origins": ["*", *words(text)]}


def _unsigned(text: str, _: Mapping[str, str]) -> Values:
    return {"config.signatures": "off" if boolean(text) else "verify"}


def _account(text: str, _: Mapping[str, str]) -> Values:
    if len(text) != 12 or not text.isdecimal():
        raise ValueError("an account is 12 digits")
    return {"config.default_account": text}


Take = Callable[[str, Mapping[str, str]], Values]

HONOURED: dict[str, Take] = {
    # The later ones have the last word.
    "EDGE_PORT": _set("port", port),
    "EDGE_BIND_HOST": _set("hosts", words),
    "GATEWAY_PORT": _set("port", port),
    "MOTO_PORT": _set("port", port),
    "MOTO_HOST": _set("hosts", words),
    "GATEWAY_LISTEN": _gateway_listen,
    "HOSTNAME_EXTERNAL": _hostname,
    "MINISTACK_HOST": _hostname,
    "LOCALSTACK_HOST": _hostname,
    "USE_SSL": _when("tls", True),
    "CUSTOM_SSL_CERT_PATH": _certificate,
    "SERVICES": _services,
    "EAGER_SERVICE_LOADING": _set("eager", boolean),
    "PERSISTENCE": _persistence,
    "PERSIST_STATE": _persistence,
    "DATA_DIR": _set("data", Path),
    "DEBUG": _debug,
    "LS_LOG": _log,
    "LOG_LEVEL": _log,
    "DEFAULT_REGION": _set("region"),
    "MINISTACK_REGION": _set("region"),
    "TEST_AWS_ACCOUNT_ID": _account,
    "MINISTACK_ACCOUNT_ID": _account,
    "MOTO_ACCOUNT_ID": _account,
    "ENFORCE_IAM": _when("config.iam", "enforce"),
    "IAM_SOFT_MODE": _soft,
    "SQS_ENDPOINT_STRATEGY": _queue_urls,
    "S3_SKIP_SIGNATURE_VALIDATION": _unsigned,
    "DISABLE_CORS_CHECKS": _when("cors_origins", ["*"]),
    "EXTRA_CORS_ALLOWED_ORIGINS": _origins,
    "DISABLE_CORS_HEADERS": _when("cors_origins", []),
}

# what is not
# ---------------------------------------------------------------------------------------

NO_EFFECT: dict[str, str] = {
    "ACTIVATE_PRO LOCALSTACK_API_KEY LOCALSTACK_AUTH_TOKEN LOG_LICENSE_ISSUES": (
        "there is nothing to activate, everything is free"
    ),
    "IMAGE_NAME USE_LIGHT_IMAGE MAIN_CONTAINER_NAME LOCALSTACK_VOLUME_DIR CONFIG_PROFILE CONFIG_DIR"
    " FORCE_NONINTERACTIVE MAIN_DOCKER_NETWORK": (
        "it is for the command that starts LocalStack's container"
    ),
    "DOCKER_FLAGS DOCKER_CMD DOCKER_SOCK DOCKER_HOST DOCKER_BRIDGE_IP DOCKER_SDK_*"
    " LEGACY_DOCKER_CLIENT *_DOCKER_FLAGS *_DOCKER_NETWORK *_DOCKER_DNS MOTO_DOCKER_*"
    " DEFAULT_CONTAINER_REGISTRY": ("fogbank starts no containers"),
    "LAMBDA_* BUCKET_MARKER_LOCAL HOSTNAME_FROM_LAMBDA SYNCHRONOUS_KINESIS_EVENTS": (
        "functions do not run in containers of LocalStack's making"
    ),
    "SKIP_SSL_CERT_DOWNLOAD SKIP_INFRA_DOWNLOADS EC2_DOWNLOAD_DEFAULT_IMAGES DISABLE_EVENTS"
    " OUTBOUND_HTTP_PROXY OUTBOUND_HTTPS_PROXY": (
        "fogbank downloads nothing and reports to nobody"
    ),
    "DNS_ADDRESS DNS_SERVER DNS_RESOLVE_IP DNS_LOCAL_NAME_PATTERNS"
    " DNS_NAME_PATTERNS_TO_RESOLVE_UPSTREAM DISABLE_TRANSPARENT_ENDPOINT_INJECTION": (
        "there is no DNS server; set AWS_ENDPOINT_URL where your code runs"
    ),
    "EXTERNAL_SERVICE_PORTS_START EXTERNAL_SERVICE_PORTS_END *_PORT_EXTERNAL": (
        "everything is served on one port"
    ),
    "PROVIDER_OVERRIDE_* KINESIS_PROVIDER KMS_PROVIDER SQS_PROVIDER LEGACY_IAM_PROVIDER"
    " LEGACY_DIRECTORIES LEGACY_INIT_DIR": "there is one implementation of each service",
    "SNAPSHOT_SAVE_STRATEGY SNAPSHOT_LOAD_STRATEGY SNAPSHOT_FLUSH_INTERVAL PERSIST_ALL S3_PERSIST"
    " AUTO_LOAD_POD": (
        "with a data folder each answered call is already kept; snapshots are `fogbank snapshot`"
    ),
    "DISABLE_CUSTOM_CORS_S3 DISABLE_CUSTOM_CORS_APIGATEWAY EXTRA_CORS_ALLOWED_HEADERS"
    " EXTRA_CORS_EXPOSE_HEADERS": (
        "every header a browser's SDK uses is allowed, and a bucket's own CORS rules are its own"
    ),
    "ENABLE_CONFIG_UPDATES": "settings can always be changed at /_fogbank/config",
    "STRICT_SERVICE_LOADING": "SERVICES always restricts what is served",
    "ALLOW_NONSTANDARD_REGIONS MOTO_ALLOW_NONEXISTENT_REGION MOTO_ENABLE_ISO_REGIONS"
    " USE_SINGLE_REGION": "every region is served, from the client's credentials",
    "PARITY_AWS_ACCESS_KEY_ID": "access keys always look as AWS's do",
    "S3_SKIP_KMS_KEY_VALIDATION S3_DIR S3_DATA_DIR MOTO_S3_CUSTOM_ENDPOINTS": (
        "S3 keeps objects in the data folder and answers under any host name"
    ),
    "SQS_DELAY_PURGE_RETRY SQS_DELAY_RECENTLY_DELETED SQS_DISABLE_CLOUDWATCH_METRICS"
    " SQS_CLOUDWATCH_METRICS_REPORT_INTERVAL SQS_ENABLE_MESSAGE_RETENTION_PERIOD": (
        "SQS behaves as on AWS; time is moved with `fogbank clock`"
    ),
    "DYNAMODB_ERROR_PROBABILITY DYNAMODB_READ_ERROR_PROBABILITY DYNAMODB_WRITE_ERROR_PROBABILITY"
    " KINESIS_ERROR_PROBABILITY KINESIS_LATENCY": (
        "errors and delays are fault rules: `fogbank faults`"
    ),
    "DYNAMODB_* KINESIS_* OPENSEARCH_* ES_* RDS_* MYSQL_IMAGE MSSQL_IMAGE EKS_* ECS_* EC2_*"
    " BIGDATA_*"
    " GRAPHQL_ENDPOINT_STRATEGY STEPFUNCTIONS_LAMBDA_ENDPOINT MWAA_* SMTP_HOST SMTP_USER SMTP_PASS"
    " SMTP_EMAIL": "fogbank has no such engine to set",
    "INITIAL_NO_AUTH_ACTION_COUNT": "IAM is switched with --iam or ENFORCE_IAM",
    "MOCK_UNIMPLEMENTED": "what is not there says so",
    "MOTO_* MINISTACK_*": "fogbank has no such setting",
    "DEVELOP DEVELOP_PORT WAIT_FOR_DEBUGGER OVERRIDE_IN_DOCKER EDGE_FORWARD_URL": (
        "it is for LocalStack's own developers"
    ),
}
