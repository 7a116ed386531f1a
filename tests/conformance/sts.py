"""Roles and tokens that are well-formed."""

import base64
import json
from typing import Any

from fogbank.testing import Aws

REFUSED = {
    # The model does not say what a SAML response is made of, nor whose credentials are scoped.
    "AssumeRoleWithSAML": "InvalidIdentityToken",
    "GetScopedCredentials": "InvalidSubjectCredentials",
    # Nothing was ever refused here that a message could be decoded of.
    "DecodeAuthorizationMessage": "InvalidAuthorizationMessageException",
}


def _part(members: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def prepare(aws: Aws) -> dict[str, Any]:
    """Values for the members of all operations."""
    claims = {"iss": "https://accounts.example.com", "sub": "1", "aud": "app", "exp": 4102444800}
    return {
        "RoleArn": f"arn:aws:iam::{aws.account}:role/reader",
        "PrincipalArn": f"arn:aws:iam::{aws.account}:saml-provider/idp",
        "RoleSessionName": "someone",
        "WebIdentityToken": f"{_part({'alg': 'RS256'})}.{_part(claims)}.c2ln",
        "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "Name": "someone",
        "TargetPrincipal": aws.account,
        "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
    }
