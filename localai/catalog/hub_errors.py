"""What went wrong between us and a hub, as one sentence with the next step."""

from __future__ import annotations

import errno

from httpx2 import HTTPError, InvalidURL, TimeoutException, TransportError, UnsupportedProtocol
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)

from localai.errors import LocalaiError

AGAIN = "run the same command again, and it goes on where it stopped"


def sentence(error: Exception, repo: str) -> str:
    """What to tell the user about `error`, met while fetching from `repo`."""
    host = constants.ENDPOINT
    match error:
        case LocalaiError():
            return str(error)
        case GatedRepoError():
            return (
                f"{repo} is gated: accept its terms at {host}/{repo}, then log in with "
                "`hf auth login` (or set HF_TOKEN) and try again."
            )
        case RepositoryNotFoundError():
            return (
                f"{host} has no model {repo} that you may see; check the name, or log in with "
                "`hf auth login` (or set HF_TOKEN) if it is private."
            )
        case HfHubHTTPError():
            return _status(error.response.status_code, repo)
        case HFValidationError():
            return f"{repo} cannot be the name of a model on a hub; write OWNER/REPO."
        case UnsupportedProtocol() | InvalidURL():
            return f"HF_ENDPOINT is {host}, which is no web address; correct or unset it."
        case TimeoutException():
            return f"{host} did not answer in time; {AGAIN}."
        case TransportError():
            return f"{host} cannot be reached ({error}); check the connection, then {AGAIN}."
        case HTTPError():
            return f"{host} gave an answer that makes no sense ({error}); try again later."
        case OSError():
            return _system(error)
        case _:
            first = (str(error).splitlines() or [""])[0]
            return f"Fetching {repo} failed ({type(error).__name__}: {first}); {AGAIN}."


def _status(status: int, repo: str) -> str:
    """The sentence for an HTTP status that is an error."""
    host = constants.ENDPOINT
    if status in (401, 403):
        return (
            f"{host} does not let you fetch {repo}; log in with `hf auth login` "
            "(or set HF_TOKEN), or accept the model's terms on its page."
        )
    if status == 404:
        return f"{host} has no longer what it listed for {repo}; run the same command again."
    if status == 429:
        return f"{host} asks for a pause (too many requests); wait some minutes, then {AGAIN}."
    if status >= 500:
        return f"{host} has a problem of its own (status {status}); try later: {AGAIN}."
    return f"{host} refused to send {repo} (status {status}); check the name and try again."


def _system(error: OSError) -> str:
    """The sentence for a failure of this machine."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full; free some space, then {AGAIN}."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"The models folder cannot be written ({error.strerror}: {error.filename}); "
            "check its permissions or set LOCALAI_HOME."
        )
    return f"Fetching stopped ({error.strerror or error}); {AGAIN}."
