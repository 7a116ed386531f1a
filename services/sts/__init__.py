"""STS: who calls, and temporary credentials.

identity    GetCallerIdentity, GetAccessKeyInfo, DecodeAuthorizationMessage
roles       AssumeRole, AssumeRoot
federation  AssumeRoleWithWebIdentity, AssumeRoleWithSAML
tokens      GetSessionToken, GetFederationToken
sessions    what all of them share: durations, policies, tags, and issuing the credentials
"""

ERRORS = {
    "AccessDenied": 403,
    "InvalidParameterValue": 400,
    "MissingAuthenticationToken": 403,
    "ValidationError": 400,
}
