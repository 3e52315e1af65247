"""A client of Trainable: operations over HTTP, files beside them, and a session's events that survive any cut."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import httpx
from api import Client
from api.enums import UserErrorCode
from api.exceptions import GraphQLClientError, GraphQLClientGraphQLMultiError, GraphQLClientHttpError
from api.fragments import Problem
from api.input_types import CreateUploadInput
from api.session_events import SessionEventsSessionEvents
from websockets.exceptions import ConnectionClosed, WebSocketException

Thing = TypeVar("Thing")

# Close codes that no second attempt mends: the token is wrong, or this client is.
FINAL = {4400, 4401, 4403, 4406, 4409, 4429}


@dataclass
class RequestFailed(Exception):
    """Authentication, limits and bugs: the operation was not done."""

    message: str
    code: str


class Refused(Exception):
    """Something about the input that its sender can mend: `code` is for programs, `message` for people."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems

    @property
    def codes(self) -> list[UserErrorCode]:
        return [problem.code for problem in self.problems]


def fail(errors: list[dict[str, Any]]) -> NoReturn:
    first = errors[0]
    raise RequestFailed(first["message"], first.get("extensions", {}).get("code", "INTERNAL"))


def made(thing: Thing | None, problems: list[Problem]) -> Thing:
    """What a mutation made, or its problems as an error."""
    if thing is None or problems:
        raise Refused(problems)
    return thing


class Trainable(Client):
    """The generated client, with what no generator knows."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"accept": "application/graphql-response+json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        http = httpx.AsyncClient(base_url=url, headers=headers, timeout=60)
        super().__init__(
            url="/graphql",
            http_client=http,  # type: ignore[arg-type]  # The generated protocol is narrower than what it calls.
            ws_url=f"{url.replace('http', 'ws', 1)}/graphql/ws",
            ws_connection_init_payload={"token": token} if token else None,
        )
        self.files = http

    def get_data(self, response: Any) -> dict[str, Any]:
        try:
            return super().get_data(response)
        except GraphQLClientHttpError as error:
            fail(cast(httpx.Response, error.response).json()["errors"])
        except GraphQLClientGraphQLMultiError as error:
            fail([e.original for e in error.errors if e.original])

    async def upload(self, file: Path) -> str:
        """Sends a file; answers the id to give as one of the `uploadIds` of an experiment."""
        answer = await self.create_upload(CreateUploadInput(file_name=file.name, size=file.stat().st_size))
        place = made(answer.create_upload.upload, answer.create_upload.user_errors)
        response = await self.files.put(place.url, content=file.read_bytes(), headers={"x-trainable-upload": "1"})
        if response.status_code != 201:
            error = response.json()["error"]
            raise RequestFailed(error["message"], error["code"])
        return place.id

    async def download(self, url: str) -> bytes:
        """Fetches a file by the address that the API gave."""
        response = await self.files.get(url)
        return response.raise_for_status().content

    async def events(self, session_id: str, after: int = 0) -> AsyncIterator[SessionEventsSessionEvents]:
        """The events of a session after a sequence, for as long as they are asked for.

        Each that has a sequence comes once and in order, through lost connections and restarts of the server.
        """
        last, failures = after, 0
        while True:
            try:
                # A batch may be larger than what the library takes by default.
                async for answer in self.session_events(session_id, last, max_size=None):
                    failures = 0
                    yield answer.session_events
                    last = max([last, *(event.seq for event in answer.session_events.events if event.seq)])
            except GraphQLClientGraphQLMultiError as error:
                # The server's word on the operation; everything else is the connection's.
                fail([e.original for e in error.errors if e.original])
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code in FINAL:
                    raise RequestFailed(closed.rcvd.reason, str(closed.rcvd.code)) from closed
            except (OSError, WebSocketException, GraphQLClientError):
                pass
            failures += 1
            await asyncio.sleep(min(0.25 * 2**failures, 15) * random.uniform(0.5, 1))
