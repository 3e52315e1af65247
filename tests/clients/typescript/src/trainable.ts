/** A client of Trainable for Node: operations over HTTP, files beside them, and a session's events that survive any cut. */
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import {
  CreateUploadDocument,
  type ProblemFragment,
  SessionEventsDocument,
  type SessionEventsSubscription,
  type TypedDocumentString,
} from "./gql/graphql.js";

export interface Server {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  /** The server's `TRAINABLE_TOKEN`, when it asks for one. */
  token?: string;
}

/** Authentication, limits and bugs: the operation was not done. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly traceId: string | undefined,
  ) {
    super(message);
  }
}

/** Something about the input that its sender can mend: `code` is for programs, `message` for people. */
export class Refused extends Error {
  constructor(readonly problems: ProblemFragment[]) {
    super(problems.map((problem) => problem.message).join("; "));
  }
}

interface TopLevelError {
  message: string;
  extensions?: { code?: string; traceId?: string };
}

function failed([first]: readonly TopLevelError[]): RequestFailed {
  const { code = "INTERNAL", traceId } = first?.extensions ?? {};
  return new RequestFailed(first?.message ?? "the server gave no reason", code, traceId);
}

const authorization = ({ token }: Server): Record<string, string> =>
  token ? { authorization: `Bearer ${token}` } : {};

/** Does one query or mutation. */
export async function execute<Result, Variables>(
  server: Server,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      "content-type": "application/json",
      ...authorization(server),
    },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: TopLevelError[] };
  if (errors || !data) throw failed(errors ?? []);
  return data;
}

/** What a mutation made, or its problems as an error. */
export function made<Thing>(thing: Thing | null | undefined, problems: ProblemFragment[]): Thing {
  if (!thing || problems.length > 0) throw new Refused(problems);
  return thing;
}

/** Sends a file; answers the id to give as one of the `uploadIds` of an experiment. */
export async function upload(server: Server, fileName: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const input = { fileName, size: bytes.byteLength };
  const { createUpload } = await execute(server, CreateUploadDocument, { input });
  const place = made(createUpload.upload, createUpload.userErrors);
  const response = await fetch(new URL(place.url, server.url), {
    method: "PUT",
    headers: { "x-trainable-upload": "1", ...authorization(server) },
    body: bytes,
  });
  if (response.status !== 201) {
    const { error } = (await response.json()) as { error: { message: string; code: string } };
    throw new RequestFailed(error.message, error.code, response.headers.get("x-trace-id") ?? undefined);
  }
  return place.id;
}

/** Fetches a file by the address that the API gave. */
export async function download(server: Server, url: string): Promise<Uint8Array> {
  const response = await fetch(new URL(url, server.url), { headers: authorization(server) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export type Events = SessionEventsSubscription["sessionEvents"];

/** Close codes that no second attempt mends: the token is wrong, or this client is. */
const FINAL = [4400, 4401, 4403, 4406, 4409, 4429];

/**
 * The events of a session after a sequence, for as long as they are asked for. Each that has a sequence comes once and
 * in order, through lost connections and restarts of the server.
 */
export async function* sessionEvents(server: Server, sessionId: string, after = 0): AsyncGenerator<Events> {
  let last = after;
  for (let failures = 0; ; failures += 1) {
    if (failures > 0) await pause(Math.min(250 * 2 ** failures, 15_000) * (0.5 + Math.random() / 2));
    const socket = createClient({
      url: `${server.url.replace(/^http/, "ws")}/graphql/ws`,
      webSocketImpl: WebSocket,
      connectionParams: server.token ? { token: server.token } : {},
      // Its own retries would subscribe with the old `after`.
      retryAttempts: 0,
      keepAlive: 12_000,
    });
    try {
      const query = SessionEventsDocument.toString();
      const answers = socket.iterate<SessionEventsSubscription>({ query, variables: { sessionId, after: last } });
      for await (const { data, errors } of answers) {
        if (errors || !data) throw failed((errors ?? []) as TopLevelError[]);
        failures = 0;
        yield data.sessionEvents;
        last = data.sessionEvents.events.findLast((event) => event.seq != null)?.seq ?? last;
      }
    } catch (error) {
      // A list is the server's word on the operation; a close event or an error is the connection's.
      if (Array.isArray(error)) throw failed(error as TopLevelError[]);
      if (error instanceof RequestFailed) throw error;
      const { code, reason } = error as { code?: unknown; reason?: string };
      if (FINAL.includes(code as number))
        throw new RequestFailed(reason ?? "the socket was closed", String(code), undefined);
    } finally {
      await socket.dispose();
    }
  }
}
