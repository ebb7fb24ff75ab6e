"""Files that look like the edges of their multipart body, cut at any place, arrive as they were sent."""

from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.entrypoints.rest.uploads import UploadedPart, _Reader

EDGE = b"edge"
PIECES = [
    b"\r\n--edg",
    b"\r\n--edge",
    b"\r\n--edgeX",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\r\n",
    b"--",
    b"x",
    b"\r\n-",
    bytes(range(256)),
]
_WRONG = (b"\r\n--edge--", b"\r\n--edge\r\n")


def _read(body: bytes, cuts: list[int]) -> tuple[bytes, UploadedPart]:
    part = UploadedPart()
    reader = _Reader(part, "input", None, takes_nameless=False)
    reader.begin(EDGE)
    data = b""
    start = 0
    for end in sorted({*(cut % (len(body) + 1) for cut in cuts), len(body)}):
        data += b"".join(reader.feed(body[start:end]))
        start = end
    reader.end()
    return data, part


def _body(content: bytes, after: bytes = b"") -> bytes:
    head = b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nfirst\r\n'
    head += b'--edge\r\nContent-Disposition: form-data; name="input"; filename="f"\r\n\r\n'
    return head + content + after + b"\r\n--edge--\r\n"


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(st.sampled_from(PIECES), max_size=12),
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
    has_more=st.booleans(),
)
def test_whatever_the_file_and_wherever_it_is_cut(parts: list[bytes], cuts: list[int], has_more: bool) -> None:
    content = b"".join(parts)
    padded = content + b"\r\n"
    if any(wrong in padded for wrong in _WRONG) or b"\r\n--edge-" in padded or b"\r\n--edge\r" in padded:
        return  # ends the part, or is an error, for every reader
    after = b'\r\n--edge\r\nContent-Disposition: form-data; name="later"\r\n\r\nlast' if has_more else b""
    found, part = _read(_body(content, after), cuts)

    assert found == content
    assert part.size == len(content)
    assert part.fields == {"note": "first", **({"later": "last"} if has_more else {})}


def test_every_cut_of_one_body() -> None:
    content = b"a\r\n--edg\r\n--edg\r\r\n-\r\n--x"
    body = _body(content)
    for cut in range(len(body) + 1):
        for width in (1, 2, 7, 30):
            assert _read(body, [cut, cut + width])[0] == content
