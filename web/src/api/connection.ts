/** Whether the live connection is up, as a value that the header shows. */
import { cell } from "@/lib/external";

export type Connection = "idle" | "connecting" | "live" | "reconnecting";

export const connection = cell<Connection>("idle");
