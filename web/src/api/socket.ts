/** The one WebSocket to the server: it never gives up, and it says how it is doing. */
import { createClient } from "graphql-ws";
import { connection } from "./connection";

const address = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql/ws`;

/** How long to wait before attempt `retries`: doubling from half a second to 15 s, with half of it random. */
export function retryDelay(retries: number, random: number): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(retries, 5));
  return ceiling / 2 + (random * ceiling) / 2;
}

function wakes(): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      resolve();
    };
    addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
  });
}

let everOpened = false;
let pongTimer: ReturnType<typeof setTimeout> | undefined;
let open: WebSocket | undefined;

export const socket = createClient({
  url: address,
  lazy: true,
  lazyCloseTimeout: 2000,
  keepAlive: 12_000,
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => true,
  retryWait: async (retries) => {
    connection.set("reconnecting");
    const pause = new Promise<void>((resolve) => setTimeout(resolve, retryDelay(retries, Math.random())));
    await Promise.race([pause, wakes()]);
  },
  on: {
    connecting: () => connection.set(everOpened ? "reconnecting" : "connecting"),
    opened: (websocket) => {
      open = websocket as WebSocket;
    },
    connected: () => {
      everOpened = true;
      connection.set("live");
    },
    closed: (event) => {
      clearTimeout(pongTimer);
      connection.set((event as CloseEvent).code === 1000 ? "idle" : "reconnecting");
    },
    // A connection that the network dropped silently answers no ping; closing it starts the retries.
    ping: (received) => {
      if (received) return;
      clearTimeout(pongTimer);
      pongTimer = setTimeout(() => open?.close(4408, "no pong"), 6000);
    },
    pong: (received) => {
      if (received) clearTimeout(pongTimer);
    },
  },
});
