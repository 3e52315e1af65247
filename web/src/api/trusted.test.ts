import { stripIgnoredCharacters } from "graphql";
import { stringifyDocument, type TypedDocumentNode } from "urql";
import { beforeEach, expect, test, vi } from "vitest";
import { client } from "./client";
import * as generated from "./gql/graphql";
import trusted from "./gql/trusted-documents.json";

/** What was sent over HTTP and over the socket. */
const sent: string[] = [];

vi.mock("./socket", () => ({
  socket: {
    subscribe: ({ query }: { query: string }) => {
      sent.push(query);
      return () => {};
    },
  },
}));

const listed = new Set(Object.values(trusted).map(stripIgnoredCharacters));
const documents = Object.entries(generated).filter(([name]) => name.endsWith("Document"));

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("fetch", async (_url: string, { body }: { body: string }) => {
    sent.push(JSON.parse(body).query);
    return new Response('{"data":null}', { headers: { "content-type": "application/json" } });
  });
});

test.each(documents)("the server trusts %s as this client sends it", async (_name, document) => {
  const typed = document as TypedDocumentNode<unknown, Record<string, unknown>>;
  const kind = typed.definitions.find((one) => one.kind === "OperationDefinition")?.operation;
  const asked =
    kind === "subscription"
      ? client.subscription(typed, {})
      : kind === "mutation"
        ? client.mutation(typed, {})
        : client.query(typed, {});
  const { unsubscribe } = asked.subscribe(() => {});
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  unsubscribe();
  expect(listed).toContain(stripIgnoredCharacters(sent[0] ?? ""));
  // The stream of a session passes the cache by.
  expect(listed).toContain(stripIgnoredCharacters(stringifyDocument(typed)));
});
