/** The GraphQL client: a normalised cache over HTTP, and the one socket for subscriptions. */
import { cacheExchange } from "@urql/exchange-graphcache";
import { Client, fetchExchange, mapExchange, subscriptionExchange } from "urql";
import { askAccess } from "./access";
import { socket } from "./socket";

const embedded = () => null;

/** Types that are a part of what holds them and have no identity of their own. */
const parts = [
  "Bucket",
  "BucketEntry",
  "Budgets",
  "Chart",
  "DatasetColumn",
  "DatasetDescription",
  "DatasetFile",
  "DatasetFinding",
  "DatasetTable",
  "EnvironmentInfo",
  "ExperimentConnection",
  "FileEntry",
  "Import",
  "Model",
  "ObjectConnection",
  "ObjectStore",
  "OpenQuestion",
  "PageInfo",
  "PlanStep",
  "PreviewColumn",
  "ProcessedDataset",
  "ResultMetric",
  "SandboxInfo",
  "ServerInfo",
  "SessionAllows",
  "SessionConnection",
  "SessionResult",
  "Spent",
  "StageStatus",
  "TablePreview",
  "Transcript",
  "Usage",
  "UserError",
  "ValueCount",
];

const cache = cacheExchange({
  keys: { ...Object.fromEntries(parts.map((name) => [name, embedded])), Provider: ({ name }) => name as string },
  updates: {
    Mutation: {
      // Its transcripts are the models of provider `replay`.
      importTranscript: (_result, _args, store) => store.invalidate("Query", "providers"),
      createExperiment: (_result, _args, store) => store.invalidate("Query", "experiments"),
      deleteExperiment: (result, _args, store) => {
        const { deletedId } = result.deleteExperiment as { deletedId?: string | null };
        if (deletedId) store.invalidate({ __typename: "Experiment", id: deletedId });
        store.invalidate("Query", "experiments");
      },
      createSession: (result, _args, store) => {
        const session = (result.createSession as { session?: { experiment?: { id: string } } }).session;
        if (!session?.experiment) return;
        // Only the lists of sessions: without the experiment itself the mutation's own answer would be a miss.
        const owner = { __typename: "Experiment", id: session.experiment.id };
        for (const { fieldName, arguments: args } of store.inspectFields(owner)) {
          if (fieldName === "sessions" || fieldName === "latestSession") store.invalidate(owner, fieldName, args);
        }
      },
    },
    Subscription: {
      // A hint, not data: what is on the page asks again.
      experimentChanged: (result, _args, store) => {
        const { experimentId } = result.experimentChanged as { experimentId: string };
        store.invalidate({ __typename: "Experiment", id: experimentId });
        store.invalidate("Query", "experiments");
      },
    },
  },
});

export const client = new Client({
  url: "/graphql",
  preferGetMethod: false,
  exchanges: [
    mapExchange({
      onError: (error) => {
        if (error.response?.status === 401) void askAccess();
      },
    }),
    cache,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables, operationName }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query: query ?? "", variables, operationName }, sink as never),
        }),
      }),
    }),
  ],
});
