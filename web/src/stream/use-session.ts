import { createContext, use, useSyncExternalStore } from "react";
import type { Stream } from "./stream";
import type { SessionView } from "./view";

export const StreamContext = createContext<Stream | null>(null);

export function useStream(): Stream {
  const stream = use(StreamContext);
  if (!stream) throw new Error("no session around this component");
  return stream;
}

/** A part of the session's view; the component renders again only when that part is another value. */
export function useView<T>(select: (view: SessionView) => T): T {
  const stream = useStream();
  return useSyncExternalStore(stream.subscribe, () => select(stream.get().view));
}
