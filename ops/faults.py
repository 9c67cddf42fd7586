"""What keeps a command from doing its work, in words: what is wrong, where, and what to do about it."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_KEYS = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"})
_GONE = frozenset(
    {
        "ResourceNotFoundException",
        "NoSuchBucket",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "NotFound",
        "NotFoundException",
    }
)


class Fault(Exception):
    """A command cannot do its work. The message says what, where, and what to do; it never holds a credential."""


def aws_in_words(error: BotoCoreError | ClientError) -> str:
    """What a user can do about an error of AWS's."""
    if isinstance(error, ClientError):
        return _answered(error)
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "there are no credentials for AWS: run `aws configure` or `aws sso login`, or set AWS_PROFILE"
        case SSOTokenLoadError() | TokenRetrievalError() | UnauthorizedSSOTokenError():
            return "the sign-in to AWS has ended: run `aws sso login`"
        case NoRegionError():
            return "no AWS region is chosen: set AWS_REGION to the one that the stack is in"
        case ProfileNotFound():
            return f"{error}: see `aws configure list-profiles`, and set AWS_PROFILE to one of them"
        case EndpointConnectionError() | ConnectTimeoutError() | ReadTimeoutError():
            return f"AWS does not answer ({error}): check the network, AWS_REGION and AWS_ENDPOINT_URL"
    return f"AWS: {error}"


def _answered(error: ClientError) -> str:
    code, message = error.response["Error"].get("Code", "?"), error.response["Error"].get("Message", "")
    call = error.operation_name
    if code in _EXPIRED:
        return f"the credentials for AWS have expired ({call}): sign in again"
    if code in _UNKNOWN_KEYS:
        return f"AWS does not know these credentials ({call}): check AWS_PROFILE and the keys of that profile"
    if code in _DENIED:
        return f"AWS does not allow {call} with these credentials: {message or code}. Ask for that right, or use others"
    if code in _GONE:
        return f"{call}: {message or code}. Was the stack removed, or is another region meant (AWS_REGION)?"
    return f"AWS answered {call} with {code}: {message}"
