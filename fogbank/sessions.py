"""boto3 sessions that know nothing of the user's own AWS configuration, and are quick to make."""

import functools
import os
from typing import Any

SECRET_ACCESS_KEY = "test"
DEFAULT_ACCESS_KEY_ID = "test"
"""An access key of 12 digits is the account of that number; any other unknown key is the server's
default account.
"""

_UNSET = {
    name: (None, None, value, None)
    for name, value in {
        "profile": None,
        "config_file": os.devnull,
        "credentials_file": os.devnull,
        "endpoint_url": None,
        "ignore_configured_endpoint_urls": None,
        "use_fips_endpoint": None,
        "use_dualstack_endpoint": None,
        "ca_bundle": None,
        "sts_regional_endpoints": None,
        "retry_mode": None,
        "max_attempts": None,
        "sigv4a_signing_region_set": None,
    }.items()
}


@functools.cache
def loader() -> Any:
    """One loader of botocore's models for all sessions: reading them is most of what making a
    client costs.
    """
    from botocore.loaders import create_loader

    return create_loader()


def session(account: str | None, region: str) -> Any:
    """A boto3 session of an account in a region."""
    import boto3.session
    import botocore.session

    inner = botocore.session.Session(session_vars=_UNSET)
    inner.register_component("data_loader", loader())
    return boto3.session.Session(
        aws_access_key_id=account or DEFAULT_ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=region,
        botocore_session=inner,
    )


def ambient() -> Any:
    """The session boto3 makes by itself, from the environment; only quicker."""
    import boto3.session
    import botocore.session

    inner = botocore.session.Session()
    inner.register_component("data_loader", loader())
    return boto3.session.Session(botocore_session=inner)


def client(session: Any, service: str, endpoint_url: str, **options: Any) -> Any:
    """A client of a session that goes straight to an endpoint."""
    return session.client(service, **_options(endpoint_url, options))


def resource(session: Any, service: str, endpoint_url: str, **options: Any) -> Any:
    """A resource of a session that goes straight to an endpoint."""
    return session.resource(service, **_options(endpoint_url, options))


def _options(endpoint_url: str, options: dict[str, Any]) -> dict[str, Any]:
    """The caller's options over ours: no proxy, and no check of a certificate that nothing is known
    to vouch for.
    """
    from botocore.config import Config

    ours = Config(proxies={})
    chosen = options.pop("config", None)
    options = {"endpoint_url": endpoint_url, **options}
    if options.get("verify") is None:
        options["verify"] = not endpoint_url.startswith("https:")
    options["config"] = ours if chosen is None else ours.merge(chosen)
    return options
