/**
 * The client of `graphql-ws` on the real binary: connecting, subscribing, and coming back after the server was killed
 * and started again on the same port and data. What it sees must be the log: nothing missed, nothing twice.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { folder, start } from "./server.mjs";

const token = "a-token-for-conformance";
const set = { TRAINABLE_TOKEN: token };
const patience = 120_000;
const watch = `subscription($id: ID!, $after: Long) {
  sessionEvents(sessionId: $id, after: $after) { caughtUp events { seq __typename ... on UserMessageEvent { text } } }
}`;

const data = folder();
let server;
let session;

before(async () => {
  server = await start(data.path, { set });
  // Experiments are described in a sandbox, whose Python environment may still be on its way.
  for (const end = Date.now() + patience; ; await pause(200)) {
    const { environment } = (await ask("{ server { environment { ready progress error } } }")).server;
    if (environment.ready) break;
    assert.ok(!environment.error && Date.now() < end, JSON.stringify(environment));
  }
  const experiment = await ask(
    `mutation { createExperiment(input: {source: {sampleId: "penguins"}}) { experiment { id } userErrors { message } } }`,
  );
  assert.deepEqual(experiment.createExperiment.userErrors, []);
  const input = { experimentId: experiment.createExperiment.experiment.id };
  const made = await ask(
    `mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } userErrors { message } } }`,
    { input },
  );
  session = made.createSession.session.id;
});

after(async () => {
  await server?.end("SIGKILL");
  data.remove();
});

async function ask(query, variables = {}) {
  const response = await fetch(`http://${server.address}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer));
  return answer.data;
}

/** Says something to the session, and answers once the server has acknowledged it. */
async function say(text) {
  const input = { sessionId: session, text, idempotencyKey: text };
  const said = await ask(
    `mutation($input: SendMessageInput!) { sendMessage(input: $input) { userErrors { message } } }`,
    { input },
  );
  assert.deepEqual(said.sendMessage.userErrors, []);
}

function client(options = {}) {
  const codes = [];
  const made = createClient({
    url: () => `ws://${server.address}/graphql/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { token },
    // A server that is not there yet is tried again too. Codes that are fatal to the client stay so.
    shouldRetry: () => true,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: () => pause(50),
    ...options,
    on: { closed: ({ code }) => codes.push(code) },
  });
  return { made, codes };
}

/** Watches the session and keeps what it sees. The variables are read anew at every connection. */
function follow({ made }) {
  const seen = [];
  const variables = { id: session, after: 0 };
  let wake = () => {};
  const failed = new Promise((_, reject) => {
    made.subscribe(
      { query: watch, variables },
      {
        next: ({ data, errors }) => {
          if (errors) return reject(new Error(JSON.stringify(errors)));
          for (const event of data.sessionEvents.events) {
            if (event.seq === null) continue;
            seen.push(event);
            variables.after = event.seq;
          }
          wake();
        },
        error: (error) => reject(error),
        complete: () => {},
      },
    );
  });
  failed.catch(() => {});
  const until = async (good, what) => {
    const late = new AbortController();
    const gone = pause(patience, true, { signal: late.signal }).catch(() => false);
    try {
      while (!good()) {
        const woken = new Promise((resolve) => {
          wake = resolve;
        });
        const over = await Promise.race([woken, failed, gone]);
        assert.ok(!over, `${what}; seen: ${JSON.stringify(seen.slice(-5))}`);
      }
    } finally {
      late.abort();
    }
  };
  return { seen, until };
}

const texts = (seen) => seen.filter(({ text }) => text !== undefined).map(({ text }) => text);

test("it connects, and every kind of operation is answered", async () => {
  const { made } = client();
  const first = await made.iterate({ query: "{ __typename }" }).next();
  assert.deepEqual(first.value, { data: { __typename: "Query" } });
  const changed = made.iterate({
    query: `mutation($i: RenameExperimentInput!) { renameExperiment(input: $i) { userErrors { code } } }`,
    variables: { i: { experimentId: "none", name: "x" } },
  });
  assert.equal((await changed.next()).value.data.renameExperiment.userErrors[0].code, "NOT_FOUND");
  await assert.rejects(made.iterate({ query: "{ nothing }" }).next(), (errors) => {
    assert.equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    return true;
  });
  await made.dispose();
});

test("without the token it is told 4403", async () => {
  const { made, codes } = client({ connectionParams: { token: "another-long-token" }, retryAttempts: 0 });
  await assert.rejects(made.iterate({ query: "{ __typename }" }).next(), ({ code }) => code === 4403);
  assert.deepEqual(codes, [4403]);
});

test("after kill -9 it resumes with its last sequence, misses nothing and sees nothing twice", async () => {
  const watcher = client();
  const { seen, until } = follow(watcher);
  const said = [];
  const send = async (count) => {
    for (let n = 0; n < count; n += 1) {
      const text = `message ${said.length + 1}`;
      await say(text);
      said.push(text);
    }
  };
  await send(5);
  await until(() => texts(seen).length === 5, "what was said comes");
  for (let round = 0; round < 3; round += 1) {
    await send(10);
    // Acknowledged, and maybe not yet delivered.
    await server.end("SIGKILL");
    server = await start(data.path, { listen: server.address, set });
    await send(10);
  }
  await until(() => texts(seen).length >= said.length, "everything said comes");
  assert.deepEqual(texts(seen), said);
  assert.deepEqual(
    seen.map(({ seq }) => seq),
    seen.map((_, index) => index + 1),
  );
  assert.ok(watcher.codes.length >= 3, `${watcher.codes}`);
  // A second client that reads it all at once sees the same.
  const again = client();
  const whole = follow(again);
  await whole.until(() => whole.seen.length >= seen.length, "the whole log comes");
  assert.deepEqual(whole.seen, seen);
  await again.made.dispose();
  await watcher.made.dispose();
});

test("a server that stops says 1012, which this client comes back from", async () => {
  const watcher = client();
  const { seen, until } = follow(watcher);
  await until(() => seen.length > 0, "the log comes");
  const before = seen.length;
  assert.equal(await server.end("SIGTERM"), 0);
  server = await start(data.path, { listen: server.address, set });
  await say("after the restart");
  await until(() => texts(seen).at(-1) === "after the restart", "what was said after the restart comes");
  assert.equal(watcher.codes[0], 1012);
  assert.deepEqual(
    seen.map(({ seq }) => seq),
    seen.map((_, index) => index + 1),
  );
  assert.equal(seen.length, before + 1);
  await watcher.made.dispose();
});
