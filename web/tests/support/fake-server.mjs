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
import { root, sessions, staged, uploads } from "./fake-api.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = here("../../dist");
const schema = buildSchema(readFileSync(here("../../../schema.graphql"), "utf8"));
const port = Number(process.env.PORT ?? 4199);
const typeName = (value) => value.__typename;
for (const type of Object.values(schema.getTypeMap())) if ("resolveType" in type) type.resolveType = typeName;

/** The core of tus 1.0.0, for files that are as small as those of tests. */
async function receive(request, response, upload) {
  if (request.headers["tus-resumable"] !== "1.0.0") return response.writeHead(403).end();
  if (!upload) return response.writeHead(404).end();
  const kept = upload.data ?? Buffer.alloc(0);
  if (request.method === "HEAD") return response.writeHead(200, { "upload-offset": kept.length }).end();
  if (request.headers["upload-offset"] !== String(kept.length)) return response.writeHead(409).end();
  const data = Buffer.concat([kept, ...(await request.toArray())]);
  Object.assign(upload, { data, size: data.length, text: data.toString("utf8") });
  return response.writeHead(204, { "upload-offset": data.length }).end();
}

/** A token that the server asks for, while a test wants it to. */
let token = null;
let authenticated = false;

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
  if (pathname === "/login") {
    if (request.method === "POST") {
      const { token: given } = JSON.parse(Buffer.concat(await request.toArray()).toString());
      if (given !== token) return response.writeHead(401).end();
      authenticated = true;
    }
    if (request.method === "DELETE") authenticated = false;
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ required: token !== null, authenticated }));
  }
  if (pathname === "/test/token") {
    token = token === null ? "open sesame" : null;
    authenticated = false;
    return response.end();
  }
  if (pathname.startsWith("/uploads/")) return receive(request, response, uploads.get(pathname.split("/")[2]));
  if (pathname.startsWith("/files/sessions/")) {
    const [, , , id, ...rest] = pathname.split("/").map(decodeURIComponent);
    const session = sessions.get(id.replace("uuid-", ""));
    if (session && rest[0] === "transcript.json") {
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ version: 1, turns: [] }));
    }
    const file = session?.files.get(rest.join("/"));
    if (!file) return response.writeHead(404).end();
    response.setHeader("content-type", types[extname(file.path)] ?? "application/octet-stream");
    response.setHeader(
      "content-security-policy",
      "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:",
    );
    return response.end(file.data);
  }
  if (pathname.startsWith("/test/scene/")) {
    staged.scene = pathname.split("/")[3];
    return response.end();
  }
  if (pathname.startsWith("/test/bucket/")) {
    staged.bucket = pathname.endsWith("/on");
    return response.end();
  }
  if (pathname === "/test/lost") {
    staged.lost = !staged.lost;
    return response.end();
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
// A test may take longer than the five seconds after which Node closes what rests, just as it is used again.
server.keepAliveTimeout = 60_000;
server.listen(port, "127.0.0.1");
