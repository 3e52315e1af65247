/** The audits of GraphQL over HTTP that come with `graphql-http`, every one by its name. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { serverAudits } from "graphql-http";
import { folder, start } from "./server.mjs";

/** A MAY that does not apply would stand here with the reason; there is none. */
const notApplicable = {};

const expected = JSON.parse(readFileSync(new URL("audits.json", import.meta.url), "utf8"));
const data = folder();
let server;
const url = () => `http://${server.address}/graphql`;
const audits = serverAudits({ url });

before(async () => {
  server = await start(data.path);
});

after(async () => {
  await server?.end("SIGTERM");
  data.remove();
});

test("the suite holds the checks that are known here, no fewer and no others", () => {
  const found = Object.fromEntries(audits.map(({ id, name }) => [id, name]));
  assert.deepEqual(found, expected);
});

for (const [id, name] of Object.entries(expected)) {
  test(`${id} ${name}`, async (t) => {
    if (notApplicable[id]) return t.skip(notApplicable[id]);
    const audit = audits.find((one) => one.id === id);
    assert.ok(audit, "the check has disappeared");
    const result = await audit.fn();
    assert.equal(result.status, "ok", result.reason);
  });
}
