/** The real binary, started and ended as an operator does, with nothing of this machine's configuration. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const binary = process.env.BINARY ?? "target/debug/trainable";
const foreign = /^(ANTHROPIC_|OPENAI_|AWS_|S3_|MODAL_|DATABASE_URL|TRAINABLE_(?!PYTHON))/;

/** A data directory that the sandboxes' own user can pass through. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "trainable-conformance-"));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts a server; answers once it says where it is. */
export async function start(data, { listen = "127.0.0.1:0", set = {} } = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const child = spawn(binary, ["serve", "--listen", listen, "--data", data], {
    env: { ...Object.fromEntries(kept), ...set },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  const said = [];
  const address = await new Promise((resolve, reject) => {
    createInterface(child.stderr).on("line", (line) => {
      said.push(line);
      const found = line.match(/the web client is at http:\/\/([^/]+)\//);
      if (found) resolve(found[1]);
    });
    child.on("error", reject);
    ended.then(([code]) => reject(new Error(`the server ended with ${code}: ${said.join("\n")}`)));
  });
  return {
    address,
    said,
    /** Ends it with a signal, and answers its exit code. */
    end: async (signal) => {
      child.kill(signal);
      const [code] = await ended;
      return code;
    },
  };
}
