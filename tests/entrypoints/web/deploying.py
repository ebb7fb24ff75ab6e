"""Steps that tests of the deployment wizard take, as a browser would."""

import asyncio
from urllib.parse import urlencode

from tests.asgi import Answer, AsgiClient
from tests.entrypoints.web.forms import FORM, look, send, words

RESOURCES = {"requirement.requirementId": "1", "timeout.status": "5", "timeout.run": "5"}
CONTRACT = {
    "inputs[0].name": "input.txt",
    "inputs[0].acceptedMediaTypes": "text/plain",
    "inputs[0].maximumSize": "1 kB",
    "inputs[0].description": "A text.",
    "outputs[0].name": "results.json",
    "outputs[0].mediaType": "application/json",
    "outputs[0].maximumSize": "100 kB",
}


async def moved(answer: Answer) -> str:
    """Where an answer leads, which has to be somewhere else."""
    assert answer.status == 303, (answer.status, words(answer.body.decode())[:1500])
    return answer.headers["location"]


async def begun(client: AsgiClient, name: str = "echo") -> str:
    """The address of the wizard of a model that was just created."""
    typed = {"name": name, "again": name, "version": "0.1.0", "description": "Says it again."}
    address = await moved(await send(client, "/deploy", **typed))
    return address.removesuffix("/image")


async def send_many(client: AsgiClient, path: str, *fields: tuple[str, str]) -> Answer:
    """A form with several values of one field."""
    return await client.call("POST", path, data=urlencode(fields).encode(), headers=dict(FORM))


async def upload(
    client: AsgiClient, path: str, content: bytes, file_name: str = "file", media_type: str = ""
) -> Answer:
    """A file from a page of ours."""
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n{kind}\r\n'
    headers = {**FORM, "content-type": "multipart/form-data; boundary=edge"}
    return await client.call("POST", path, data=head.encode() + content + b"\r\n--edge--\r\n", headers=headers)


async def until(client: AsgiClient, path: str, text: str) -> str:
    """The page, once it says so."""
    async with asyncio.timeout(20):
        while True:
            page = await look(client, path)
            if text in words(page):
                return page
            await asyncio.sleep(0.02)


async def described(client: AsgiClient, archived: bytes) -> str:
    """The address of the wizard of a version with image, hardware, times and contract."""
    here = await begun(client)
    await moved(await upload(client, f"{here}/image", archived))
    await moved(await send(client, f"{here}/resources", **RESOURCES))
    await moved(await send(client, f"{here}/contract", **CONTRACT))
    await until(client, f"{here}/image", "The image is here")
    return here


async def passed_tests(client: AsgiClient, archived: bytes) -> str:
    """The same once it has passed its tests."""
    here = await described(client, archived)
    await moved(await send(client, f"{here}/load-test"))
    await until(client, f"{here}/load-test", "The model was loaded")
    await moved(await upload(client, f"{here}/test-files?name=input.txt", b"a good day"))
    await moved(await send(client, f"{here}/run-test"))
    await until(client, f"{here}/run-test", "The model answered as declared")
    return here
