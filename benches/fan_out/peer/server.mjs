// The peer: graphql-yoga with graphql-ws, as their own documentation puts them together. It publishes the same event
// at the rate that its standard input names, one event a message, which is its natural shape.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createPubSub, createSchema, createYoga } from "graphql-yoga";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

const pubSub = createPubSub();
const yoga = createYoga({
  logging: false,
  graphqlEndpoint: "/graphql/ws",
  schema: createSchema({
    typeDefs: /* GraphQL */ `
      scalar Long
      scalar DateTime
      type Query { ok: Boolean! }
      type CodeOutputEvent { seq: Long! at: DateTime! callId: String! stream: String! text: String! }
      type Subscription { sessionEvents(sessionId: ID!): CodeOutputEvent! }
    `,
    resolvers: {
      Query: { ok: () => true },
      Subscription: {
        sessionEvents: {
          subscribe: (_, { sessionId }) => pubSub.subscribe("event", sessionId),
          resolve: (event) => event,
        },
      },
    },
  }),
});

const server = createServer(yoga);
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (ctx, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...ctx,
        req: ctx.extra.request,
        socket: ctx.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length ? errors : args;
    },
  },
  new WebSocketServer({ server, path: "/graphql/ws" }),
);

let rate = 0;
let due = 0;
let last = performance.now();
let seq = 0;
setInterval(() => {
  const now = performance.now();
  due += (rate * (now - last)) / 1000;
  last = now;
  for (; due >= 1; due -= 1) {
    seq += 1;
    const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
    pubSub.publish("event", "s", {
      seq,
      at: new Date().toISOString(),
      callId: "eda-002",
      stream: "STDOUT",
      text: `@${micros} epoch ${seq}: loss 0.6931, accuracy 0.5134, validation loss 0.6702\n`,
    });
  }
}, 10);

createInterface({ input: process.stdin })
  .on("line", (line) => {
    rate = Number(line);
    due = 0;
  })
  .on("close", () => process.exit(0));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
