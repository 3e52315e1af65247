/**
 * A server of the contract for the browser tests: `schema.graphql` executed over sessions that play a script, with the
 * real server's policy on every page. It holds nothing the client could not get from the real one.
 */

import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, graphql } from "graphql";
import { useServer as serveSockets } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { FakeSession } from "./fake-session.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = here("../../dist");
const schema = buildSchema(readFileSync(here("../../../schema.graphql"), "utf8"));
const port = Number(process.env.PORT ?? 4199);
/** Milliseconds of one beat of the script; the diabetes sample is played slower, to be interrupted. */
const pace = Number(process.env.PACE ?? 20);

const typeName = (value) => value.__typename;
for (const type of Object.values(schema.getTypeMap())) if ("resolveType" in type) type.resolveType = typeName;

const columns = [
  [
    "species",
    "object",
    "categorical",
    0,
    3,
    null,
    null,
    null,
    [
      ["Adelie", 152],
      ["Gentoo", 124],
      ["Chinstrap", 68],
    ],
  ],
  [
    "island",
    "object",
    "categorical",
    0,
    3,
    null,
    null,
    null,
    [
      ["Biscoe", 168],
      ["Dream", 124],
      ["Torgersen", 52],
    ],
  ],
  ["bill_length_mm", "float64", "numeric", 2, 164, "32.1", "59.6", 43.92, []],
  ["flipper_length_mm", "float64", "numeric", 2, 55, "172", "231", 200.9, []],
  [
    "sex",
    "object",
    "categorical",
    11,
    2,
    null,
    null,
    null,
    [
      ["male", 168],
      ["female", 165],
    ],
  ],
].map(([name, dtype, kind, missing, unique, min, max, mean, top]) => ({
  name,
  dtype,
  kind,
  missing,
  unique,
  min,
  max,
  mean,
  examples: [],
  top: top.map(([value, count]) => ({ value, count })),
}));

const samples = [
  {
    id: "penguins",
    title: "Palmer penguins",
    description: "Three species of penguin, told apart by their measures.",
    rows: 344,
    columns: 7,
    target: "species",
    task: "MULTICLASS",
    source: "Horst, Hill and Gorman",
    licence: "CC0",
    instructions: "Predict the species.",
  },
  {
    id: "diabetes",
    title: "Diabetes progression",
    description: "How a disease went on over a year, from ten measures.",
    rows: 442,
    columns: 11,
    target: "progression",
    task: "REGRESSION",
    source: "Efron et al.",
    licence: "BSD",
    instructions: "Predict the progression.",
  },
];

const experiments = new Map();
const sessions = new Map();
const uploads = new Map();
const hints = new Set();
let counter = 0;
const next = (kind) => {
  counter += 1;
  return `${kind}${counter}`;
};
const hint = (experimentId) => {
  for (const tell of hints) tell(experimentId);
};
const refuse = (message, path, code = "INVALID_INPUT", detail = null) => ({
  userErrors: [{ message, path, code, detail }],
});

function makeExperiment({ name, instructions, target, source }) {
  const files = source.sampleId
    ? [{ name: `${source.sampleId}.csv`, size: 13_478, sha256: "0" }]
    : source.uploadIds.map((id) => uploads.get(id));
  if (!source.sampleId && target && !columns.some((column) => column.name === target)) {
    return refuse(
      `there is no column \`${target}\`; the columns are ${columns.map((column) => `\`${column.name}\``).join(", ")}`,
      ["target"],
      "BAD_DATA",
      "NO_TARGET",
    );
  }
  const empty = files.findIndex((file) => file.size === 0);
  if (empty >= 0)
    return refuse(
      `\`${files[empty].name}\` is empty; send a file with a header and rows`,
      ["source", "uploadIds", String(empty)],
      "BAD_DATA",
      "EMPTY_FILE",
    );
  const id = next("e");
  const experiment = {
    __typename: "Experiment",
    id,
    name: name ?? files[0].name,
    description: "",
    instructions: instructions ?? "",
    target: target ?? null,
    mainTable: "penguins",
    createdAt: new Date().toISOString(),
    files,
    dataset: {
      mainTable: "penguins",
      notes: ["read as UTF-8 with commas"],
      warnings: [{ code: "DUPLICATES", message: "1 row stands twice", column: null, file: null }],
      tables: [{ name: "penguins", fileNames: files.map((file) => file.name), rows: 344, duplicates: 1, columns }],
    },
    get latestSession() {
      const all = of(id);
      return all.length > 0 ? view(all.at(-1)) : null;
    },
    sessions: () => ({ nodes: of(id).map(view), edges: [], pageInfo: {}, totalCount: of(id).length }),
  };
  experiments.set(id, experiment);
  hint(id);
  return { experiment, userErrors: [] };
}

const of = (id) => [...sessions.values()].filter((session) => session.experiment.id === id);

function entry(session, path) {
  const file = session.files.get(path);
  if (!file) return null;
  const { data, type, modifiedAt } = file;
  const text = data.includes(0) ? null : data.toString("utf8");
  return {
    path,
    name: path.split("/").at(-1),
    size: data.length,
    type,
    modifiedAt,
    url: `/files/sessions/uuid-${session.id}/${path}`,
    text,
    preview: ({ offset = 0, first = 100 }) => {
      if (!path.endsWith(".csv")) return null;
      const [head, ...rows] = text
        .trim()
        .split("\n")
        .map((line) => line.split(",").map((cell) => cell || null));
      return {
        columns: head.map((name) => ({ name, dtype: "text" })),
        rows: rows.slice(offset, offset + first),
        totalRows: rows.length,
      };
    },
  };
}

function view(session) {
  return {
    __typename: "Session",
    id: session.id,
    experiment: session.experiment,
    state: session.state,
    allows: session.allows,
    stages: session.stages,
    createdAt: session.createdAt,
    updatedAt: session.createdAt,
    result: session.result ?? null,
    files: [...session.files.keys()].map((path) => entry(session, path)),
    file: ({ path }) => entry(session, path),
    processedDataset: session.files.has("prep/report.md")
      ? {
          featureColumns: ["a", "b", "c"],
          targetColumn: "species",
          totalRows: 343,
          trainRows: 240,
          valRows: 51,
          testRows: 52,
          columns: {},
          qualityStats: {},
          s3Synced: false,
        }
      : null,
  };
}

const act =
  (run) =>
  ({ input }) => {
    const session = sessions.get(input.sessionId);
    run(session, input);
    hint(session.experiment.id);
    return { session: view(session), stageRun: session.current ?? null, userErrors: [] };
  };

async function* events({ sessionId, after = 0 }) {
  const session = sessions.get(sessionId);
  if (!session) throw new Error("no such session");
  let sent = after ?? 0;
  let wake = () => {};
  const live = [];
  const onEvent = () => wake();
  const onLive = (event) => {
    live.push(event);
    wake();
  };
  session.listeners.add(onEvent);
  session.live.add(onLive);
  try {
    for (;;) {
      const stored = session.events.slice(sent, sent + 256);
      sent += stored.length;
      yield { sessionEvents: { events: [...stored, ...live.splice(0)], caughtUp: sent >= session.events.length } };
      if (sent < session.events.length) continue;
      await new Promise((resolve) => {
        wake = resolve;
        if (live.length > 0 || session.events.length > sent) resolve();
      });
    }
  } finally {
    session.listeners.delete(onEvent);
    session.live.delete(onLive);
  }
}

async function* changes() {
  const queue = [];
  let wake = () => {};
  const tell = (id) => {
    queue.push(id);
    wake();
  };
  hints.add(tell);
  try {
    for (;;) {
      while (queue.length > 0) yield { experimentChanged: { experimentId: queue.shift() } };
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    hints.delete(tell);
  }
}

const root = {
  server: {
    version: "test",
    maxUploadBytes: 1e9,
    sandbox: { name: "fake", tier: null, summary: "plays a script", missing: [] },
    environment: { ready: true, progress: null, error: null },
  },
  experiments: ({ search }) => {
    const nodes = [...experiments.values()]
      .filter(({ name }) => !search || name.toLowerCase().includes(search.toLowerCase()))
      .reverse();
    return { nodes, edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false }, totalCount: nodes.length };
  },
  experiment: ({ id }) => experiments.get(id) ?? null,
  session: ({ id }) => (sessions.has(id) ? view(sessions.get(id)) : null),
  samples,
  providers: [
    { name: "autopilot", available: true, reason: null, defaultModel: "autopilot", description: "No model" },
    { name: "anthropic", available: true, reason: null, defaultModel: "claude", description: "A model" },
  ],
  createUpload: ({ input }) => {
    if (/\.exe$/.test(input.fileName))
      return refuse(`\`${input.fileName}\` is not a table; send CSV, TSV, Parquet, XLSX or JSON lines`, ["fileName"]);
    const id = next("u");
    uploads.set(id, { name: input.fileName, size: 0, sha256: "0" });
    return {
      upload: { id, fileName: input.fileName, url: `/uploads/${id}`, state: "OPEN", maxBytes: 1e9 },
      userErrors: [],
    };
  },
  createExperiment: ({ input }) => makeExperiment(input),
  renameExperiment: ({ input }) => {
    const experiment = experiments.get(input.experimentId);
    experiment.name = input.name;
    return { experiment, userErrors: [] };
  },
  deleteExperiment: ({ input }) => {
    experiments.delete(input.experimentId);
    hint(input.experimentId);
    return { deletedId: input.experimentId, userErrors: [] };
  },
  createSession: ({ input }) => {
    const session = new FakeSession(
      next("s"),
      experiments.get(input.experimentId),
      pace * (experiments.get(input.experimentId).name.startsWith("Diabetes") ? 6 : 1),
    );
    sessions.set(session.id, session);
    return { session: view(session), userErrors: [] };
  },
  startStage: act((session, { stage, through }) => void session.start(stage, through ?? stage)),
  retryStage: act((session, { through }) => {
    const { stage } = session.runs.at(-1);
    void session.start(stage, through ?? stage);
  }),
  cancelSession: act((session) => session.cancel()),
  sendMessage: act((session, { text }) => session.message(text)),
  sessionEvents: events,
  experimentChanged: changes,
};

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".png": "image/png",
};

function page(response, file) {
  const nonce = randomBytes(16).toString("base64");
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.setHeader(
    "content-security-policy",
    file === "graphiql.html"
      ? "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:"
      : `default-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data: blob:; worker-src 'self' blob:`,
  );
  response.end(readFileSync(join(dist, file), "utf8").replaceAll("__CSP_NONCE__", nonce));
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/graphql" && request.method === "POST") {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
    response.setHeader("content-type", "application/graphql-response+json");
    return response.end(
      JSON.stringify(
        await graphql({
          schema,
          source: body.query,
          variableValues: body.variables,
          operationName: body.operationName,
          rootValue: root,
        }),
      ),
    );
  }
  if (pathname.startsWith("/uploads/")) {
    if (request.headers["x-trainable-upload"] !== "1") return response.writeHead(403).end();
    const size = Buffer.concat(await request.toArray()).length;
    Object.assign(uploads.get(pathname.split("/")[2]), { size });
    return response.end();
  }
  if (pathname.startsWith("/files/sessions/")) {
    const [, , , id, ...rest] = pathname.split("/").map(decodeURIComponent);
    const file = sessions.get(id.replace("uuid-", ""))?.files.get(rest.join("/"));
    if (!file) return response.writeHead(404).end();
    response.setHeader("content-type", types[extname(file.path)] ?? "application/octet-stream");
    response.setHeader(
      "content-security-policy",
      "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:",
    );
    return response.end(file.data);
  }
  if (pathname === "/test/drop" && request.method === "POST") {
    for (const socket of sockets.clients) socket.terminate();
    return response.end();
  }
  const asset = join(dist, pathname);
  if (pathname.startsWith("/assets/") && existsSync(asset)) {
    response.setHeader("content-type", types[extname(asset)] ?? "application/octet-stream");
    response.setHeader("cache-control", "public, max-age=31536000, immutable");
    return createReadStream(asset).pipe(response);
  }
  return page(response, pathname === "/graphiql" ? "graphiql.html" : "index.html");
});

const sockets = new WebSocketServer({ server, path: "/graphql/ws" });
serveSockets({ schema, roots: { subscription: root } }, sockets);
server.listen(port, "127.0.0.1");
