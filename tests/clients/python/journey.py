"""The journey that the tests take: `journey.py URL FILE`, with the token in `TRAINABLE_TOKEN`. Says what it sees as lines of JSON."""

import asyncio
import hashlib
import json
import os
import sys
import uuid
from pathlib import Path

from api.enums import SessionState, Stage, UserErrorCode
from api.input_types import CreateExperimentInput, CreateSessionInput, DatasetSource, StartStageInput
from api.session_events import SessionEventsSessionEventsEventsStateChangeEvent as StateChange
from trainable_client import Refused, RequestFailed, Trainable, made

RESTS = {state for state in SessionState if not state.endswith("_RUNNING")}


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


async def refusals(url: str, client: Trainable) -> None:
    async with Trainable(url, "not-the-token-of-this-server") as stranger:
        try:
            await stranger.overview()
            raise AssertionError("a stranger was answered")
        except RequestFailed as failed:
            assert failed.code == "UNAUTHENTICATED", failed
        try:
            await anext(stranger.events("nothing"))
            raise AssertionError("a stranger was shown events")
        except RequestFailed as failed:
            assert failed.code == "4403", failed
    try:
        await anext(client.events("nothing"))
        raise AssertionError("there are events of nothing")
    except RequestFailed as failed:
        assert failed.code == "NOT_FOUND", failed
    source = DatasetSource(upload_ids=[str(uuid.uuid4())])
    answer = (await client.create_experiment(CreateExperimentInput(source=source))).create_experiment
    try:
        made(answer.experiment, answer.user_errors)
        raise AssertionError("an experiment was made of nothing")
    except Refused as refused:
        assert refused.codes == [UserErrorCode.UPLOAD_INCOMPLETE], refused


async def begin(client: Trainable, file: Path) -> str:
    source = DatasetSource(upload_ids=[await client.upload(file)])
    created = (await client.create_experiment(CreateExperimentInput(source=source))).create_experiment
    experiment = made(created.experiment, created.user_errors)

    # The same key is the same session, however often it is asked for: a lost answer is asked for again.
    once = CreateSessionInput(experiment_id=experiment.id, provider="autopilot", idempotency_key=str(uuid.uuid4()))
    first = (await client.create_session(once)).create_session
    again = (await client.create_session(once)).create_session
    session = made(first.session, first.user_errors)
    assert made(again.session, again.user_errors).id == session.id

    start = StartStageInput(session_id=session.id, stage=Stage.EDA, seed=7, idempotency_key=str(uuid.uuid4()))
    started = (await client.start_stage(start)).start_stage
    assert made(started.stage_run, started.user_errors).seed == 7
    return session.id


async def follow(client: Trainable, session: str) -> list[tuple[int, str]]:
    seen: list[tuple[int, str]] = []
    async for batch in client.events(session):
        for event in batch.events:
            # What has no sequence is provisional text.
            if event.seq is None:
                continue
            assert event.seq == len(seen) + 1, "a gap or a repetition"
            assert event.at and event.at.utcoffset() is not None
            seen.append((event.seq, event.typename__))
            if isinstance(event, StateChange) and event.state in RESTS:
                return seen
        say(seen=len(seen))
    return seen


async def main(url: str, file: str) -> None:
    async with Trainable(url, os.environ.get("TRAINABLE_TOKEN")) as client:
        samples = (await client.overview()).samples
        assert any(sample.id == "penguins" and sample.rows == 344 for sample in samples)
        await refusals(url, client)
        session = await begin(client, Path(file))
        events = await follow(client, session)
        now = (await client.session_now(session)).session
        assert now and now.report and now.report.content.startswith("#")
        report = next(artifact for artifact in now.artifacts.nodes if artifact.path == "eda/report.md")
        content = await client.download(report.url)
        assert hashlib.sha256(content).hexdigest() == report.sha_256
        say(session=session, state=now.state, lastSeq=now.last_seq, events=events)


asyncio.run(main(*sys.argv[1:]))
