"""STS: who calls, and temporary credentials.

identity      GetCallerIdentity, GetAccessKeyInfo, DecodeAuthorizationMessage
roles         AssumeRole, AssumeRoot, and the sessions that every AssumeRole... makes
web_identity  AssumeRoleWithWebIdentity: OpenID Connect tokens
saml          AssumeRoleWithSAML: SAML assertions
tokens        GetSessionToken, GetFederationToken
scoped        GetScopedCredentials
sessions      issuing credentials, and what is common to all who ask for them
policies      session policies and session tags, and how much room they take

GetWebIdentityToken and GetDelegatedAccessToken are not there: nothing here publishes the keys that
such tokens are verified with, and nothing gives out tokens to trade in.
"""

ERRORS = {
    "AccessDenied": 403,
    "InvalidParameterValue": 400,
    "MissingAuthenticationToken": 403,
    "ValidationError": 400,
}
