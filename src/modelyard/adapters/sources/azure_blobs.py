"""Containers of an Azure storage account, or of what speaks like one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from obstore.store import AzureStore

from modelyard.adapters.sources.base import AzureAccess
from modelyard.adapters.sources.object_stores import RETRY, client_config

if TYPE_CHECKING:
    from obstore.store import AzureAccessKey


def azure_endpoint(access: AzureAccess) -> str:
    """Where its containers are."""
    return access.endpoint or f"https://{access.account}.blob.core.windows.net"


def azure_stores(access: AzureAccess, proxy: str) -> Callable[[str], AzureStore]:
    """Makes stores by container. Nothing of the server's own environment gets into them."""
    endpoint = azure_endpoint(access)

    def credential() -> "AzureAccessKey":
        return {"access_key": access.key, "expires_at": None}

    def make(container: str) -> AzureStore:
        return AzureStore(
            container,
            account_name=access.account,
            endpoint=endpoint,
            use_emulator=False,
            credential_provider=credential,
            client_options=client_config(proxy, is_plain=endpoint.startswith("http:")),
            retry_config=RETRY,
        )

    return make
