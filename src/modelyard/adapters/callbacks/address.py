"""Which addresses callbacks can have."""

from yarl import URL

from modelyard.adapters.callbacks.base import CallbackAddressUnusable

LONGEST_ADDRESS = 2_000


def read_callback_address(text: str) -> URL:
    """An http or https address without credentials in it. Raises CallbackAddressUnusable."""
    if len(text) > LONGEST_ADDRESS:
        raise CallbackAddressUnusable(f"the url has more than {LONGEST_ADDRESS} characters")
    try:
        url = URL(text)
        is_usable = url.scheme in {"http", "https"} and bool(url.host) and text.isprintable() and " " not in text
    except ValueError:
        is_usable = False
    if not is_usable:
        raise CallbackAddressUnusable("the url must begin with http:// or https:// and name a host")
    if url.user is not None or url.password is not None:
        raise CallbackAddressUnusable("the url must hold no user or password; give a secret, which signs what is sent")
    return url.with_fragment(None)
