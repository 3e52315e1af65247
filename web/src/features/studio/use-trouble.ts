import { useSyncExternalStore } from "react";
import { useStream } from "@/stream/use-session";
import type { Trouble } from "@/ui/pane";

export function useStreamTrouble(): Trouble | null {
  const stream = useStream();
  return useSyncExternalStore(stream.subscribe, () => stream.get().trouble);
}
