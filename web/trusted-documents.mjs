/**
 * Writes the list of the documents that this client sends, by their SHA-256: a server that runs only trusted
 * documents runs these without being told. With `--check` it only says whether the list is as it should be.
 *
 * It reads what the code generation wrote. Each document is listed twice: as it is, which is how the stream of a
 * session sends it, and with the type names that the cache asks for.
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatDocument, stringifyDocument } from "urql";

const here = (name) => fileURLToPath(new URL(`src/api/gql/${name}`, import.meta.url));
const list = here("trusted-documents.json");

const written = readFileSync(here("graphql.ts"), "utf8").matchAll(
  /^export const \w+ = (\{"kind":"Document".*\}) as unknown as DocumentNode<.*>;$/gm,
);
const documents = [...written].map(([, json]) => JSON.parse(json));
const texts = documents
  .filter(({ definitions }) => definitions.some(({ kind }) => kind === "OperationDefinition"))
  .flatMap((document) => [formatDocument(document), document].map(stringifyDocument));
const byHash = texts.map((text) => [createHash("sha256").update(text).digest("hex"), text]);
const manifest = `${JSON.stringify(Object.fromEntries(byHash.sort()), null, 2)}\n`;

if (texts.length === 0) throw new Error("the generated code holds no document");
if (!process.argv.includes("--check")) {
  writeFileSync(list, manifest);
} else if (readFileSync(list, "utf8") !== manifest) {
  console.error("src/api/gql/trusted-documents.json is stale; run `npm run codegen`");
  process.exit(1);
}
