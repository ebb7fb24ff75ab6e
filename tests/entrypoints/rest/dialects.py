"""Chunks as the existing clients send them: the bytes of one request each, recorded from their HTTP libraries.

Python: requests 2.31, `files={"input": chunk}`. Go: mime/multipart, `CreateFormFile("input", "input")`.
JavaScript: form-data 4, `append("input", buffer, {filename})`, which guesses a type; a browser's FormData with a Blob.
Java: Jersey 2 `MultiPart` with `FormDataBodyPart`, sent as multipart/mixed with an MIME version and an odd Accept.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sent:
    """One request: its headers and its body."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def python_requests(content: bytes) -> Sent:
    """No type of the part."""
    edge = "2f8b1d7c5e6a4b0f9c3d2e1a0b9f8e7d"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="input"; filename="input"\r\n\r\n'
    return Sent(
        head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
        {"content-type": f"multipart/form-data; boundary={edge}", "accept": "application/json"},
    )


def go(content: bytes) -> Sent:
    """A boundary of 60 characters."""
    edge = "d9a6b3c1f0e2847586958473625140f1e2d3c4b5a6978869504132231405"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="input"; filename="input"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return Sent(
        head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
        {"content-type": f"multipart/form-data; boundary={edge}", "accept-encoding": "gzip"},
    )


def javascript_form_data(content: bytes) -> Sent:
    """The item's name as the file's name, the type guessed from it, no Accept; its length is sent, or chunked."""
    edge = "--------------------------012345678901234567890123"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="input"; filename="notes.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    return Sent(
        head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
        {"content-type": f"multipart/form-data; boundary={edge}", "transfer-encoding": "chunked"},
    )


def browser(content: bytes) -> Sent:
    """A Blob without a name."""
    edge = "----WebKitFormBoundary7MA4YWxkTrZu0gW0"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="input"; filename="blob"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return Sent(
        head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
        {"content-type": f"multipart/form-data; boundary={edge}", "accept": "application/json, text/plain, */*"},
    )


def jersey(content: bytes) -> Sent:
    """multipart/mixed, the type before the disposition, and an Accept that no answer satisfies."""
    edge = "Boundary_1_1234567890_1234567890123"
    head = (
        f"--{edge}\r\nContent-Type: application/octet-stream\r\n"
        'Content-Disposition: form-data; filename="zw\u00f6lf/notes.txt"; name="input"\r\n\r\n'
    )
    return Sent(
        head.encode() + content + f"\r\n--{edge}--".encode(),
        {
            "content-type": f"multipart/mixed;boundary={edge}",
            "accept": "multipart/form-data",
            "mime-version": "1.0",
        },
    )


def nameless(content: bytes) -> Sent:
    """A single part without a name or a file name, the boundary quoted."""
    edge = "just an edge"
    return Sent(
        f"--{edge}\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode(),
        {"content-type": f'multipart/mixed; boundary="{edge}"'},
    )


DIALECTS = (python_requests, go, javascript_form_data, browser, jersey, nameless)
