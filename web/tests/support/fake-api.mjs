/** The contract's answers over sessions that play a script; what `fake-server.mjs` serves. */
import { buckets } from "./fake-buckets.mjs";
import { FakeSession } from "./fake-session.mjs";

/** Milliseconds of one beat of the script; the diabetes sample is played slower, to be interrupted. */
const pace = Number(process.env.PACE ?? 20);

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

const model = (id, contextTokens, maxOutputTokens, read, written, rest = {}) => ({
  id,
  contextTokens,
  maxOutputTokens,
  inputUsdPerMillion: read,
  outputUsdPerMillion: written,
  cacheReadUsdPerMillion: read === null ? null : read / 10,
  cacheWriteUsdPerMillion: read === null ? null : read * 1.25,
  priceReadOn: read === null ? null : "2026-11-02",
  isDefault: false,
  ...rest,
});

const providers = [
  {
    name: "autopilot",
    available: true,
    reason: null,
    defaultModel: "autopilot",
    description: "no model at all: a fixed policy that writes honest pandas and scikit-learn code",
    isDefault: true,
    converses: false,
    models: [model("autopilot", null, null, 0, 0, { isDefault: true })],
  },
  {
    name: "anthropic",
    available: true,
    reason: null,
    defaultModel: "claude-large",
    description: "Anthropic's Messages API",
    isDefault: false,
    converses: true,
    models: [
      model("claude-large", 200_000, 64_000, 3, 15, { isDefault: true }),
      model("claude-small", 200_000, 32_000, 0.8, 4),
      model("claude-preview", 1_000_000, null, null, null),
    ],
  },
  {
    name: "openai",
    available: false,
    reason:
      "no key is set; set `OPENAI_API_KEY`, or `OPENAI_BASE_URL` for a server of your own, and start the server again",
    defaultModel: "gpt-large",
    description: "any OpenAI-compatible endpoint: OpenAI, Ollama, llama.cpp, vLLM and others",
    isDefault: false,
    converses: true,
    models: [model("gpt-large", null, null, null, null, { isDefault: true })],
  },
  {
    name: "replay",
    available: false,
    reason: "no transcript was imported yet; import one where a stage is started",
    defaultModel: "",
    description: "plays a recorded transcript again, without a model",
    isDefault: false,
    converses: false,
    models: [],
  },
];
const provider = (name) => providers.find((one) => (name ? one.name === name : one.isDefault));

/** What the next stage that starts plays beside its work, and whether the providers can be read. */
export const staged = { scene: null, lost: false, bucket: false };

const experiments = new Map();
export const sessions = new Map();
export const uploads = new Map();
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
    provider: session.own.provider ?? null,
    model: session.own.model ?? null,
    effort: session.own.effort ?? null,
    answering: session.answering,
    converses: provider(session.runs.at(-1)?.provider ?? session.own.provider)?.converses ?? false,
    awaitingApproval: session.awaitingApproval,
    question: session.open,
    budgets: session.budgets,
    spent: session.spent,
    transcriptUrl: `/files/sessions/uuid-${session.id}/transcript.json`,
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

export const root = {
  ...buckets(staged, uploads, next),
  server: {
    version: "test",
    maxUploadBytes: 1e9,
    sandbox: { name: "fake", tier: "A", runsPrograms: true, summary: "plays a script", missing: [] },
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
  providers: () => {
    if (staged.lost) throw new Error("the providers are away");
    return providers;
  },
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
      { provider: input.provider, model: input.model, effort: input.effort },
    );
    sessions.set(session.id, session);
    return { session: view(session), userErrors: [] };
  },
  startStage: act((session, { stage, through, ...terms }) => {
    const { scene } = staged;
    staged.scene = null;
    const model = terms.model ?? session.own.model ?? provider(terms.provider ?? session.own.provider).defaultModel;
    void session.start(stage, through ?? stage, { ...terms, model, scene });
  }),
  retryStage: act((session, { through }) => {
    const { stage } = session.runs.at(-1);
    void session.start(stage, through ?? stage);
  }),
  resumeStage: act((session, input) => session.resume(input)),
  approveStage: act((session, { approve }) => session.approve(approve)),
  setBudgets: act((session, { budgets }) => session.setBudgets(budgets)),
  answerQuestion: act((session, { answer }) => session.settle(answer)),
  cancelSession: act((session) => session.cancel()),
  sendMessage: act((session, { text, interrupt }) => {
    const { scene } = staged;
    if (scene === "ponders") staged.scene = null;
    session.message(text, interrupt, provider(session.own.provider), scene);
  }),
  importTranscript: ({ input }) => {
    const { name, text } = uploads.get(input.uploadId);
    if (!text.trimStart().startsWith("{"))
      return refuse(`\`${name}\` is no transcript; export one from a session's menu`, ["uploadId"]);
    const replay = provider("replay");
    const transcript = {
      name: "penguins in three stages",
      stages: ["EDA", "PREP", "TRAIN"],
      turns: 34,
      provider: "anthropic",
      model: "claude-large",
    };
    Object.assign(replay, {
      available: true,
      reason: null,
      defaultModel: transcript.name,
      models: [model(transcript.name, null, null, 0, 0)],
    });
    return { transcript, userErrors: [] };
  },
  sessionEvents: events,
  experimentChanged: changes,
};
