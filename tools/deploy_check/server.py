"""The emulator of AWS (ministack), as the check needs it: `build/deploy-check/bin/python -m tools.deploy_check.server`.

Runs in an environment of its own, and functions in Lambda's. It listens on a port of its own choice on loopback, over
TLS, since the stack's policies refuse whatever comes without; it asks the permissions of whoever calls; and it opens
no other port.
"""

import argparse
import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

READY = "AWS emulator listening on "
CERTIFICATES = "ca.pem"
"""In the folder: what whoever calls has to trust."""


def main() -> None:
    """Serves until it is terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for certificates")
    parser.add_argument("--functions", required=True, help="the Python that functions run in")
    arguments = parser.parse_args()
    # Only where the check's own environment is: whoever starts this server reads its constants.
    import trustme  # noqa: PLC0415
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    authority = trustme.CA()
    authority.cert_pem.write_to_path(arguments.folder / CERTIFICATES)
    server = arguments.folder / "server.pem"
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(server)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    # ministack reads them when it is imported; functions inherit them.
    os.environ |= {
        "AUTH": "true",
        "AWS_CA_BUNDLE": str(arguments.folder / CERTIFICATES),
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_SSL_CERT": str(server),
        "MINISTACK_SSL_KEY": str(server),
        "SFTP_ENABLED": "0",
        "USE_SSL": "1",
    }
    sys.executable = arguments.functions  # with which ministack starts functions
    from ministack.app import app  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    config.certfile = config.keyfile = str(server)
    print(f"{READY}https://127.0.0.1:{port}", flush=True)
    asyncio.run(_forever(serve, app, config))


async def _forever(serve: Any, app: Any, config: Any) -> None:
    """Leaves SIGTERM to the kernel, which ends the process at once: nothing is to be saved, and nobody waits for it."""
    await serve(app, config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    main()
