/** A value outside React that components read with `useSyncExternalStore`. */
import { useSyncExternalStore } from "react";

export interface External<T> {
  get: () => T;
  subscribe: (listener: () => void) => () => void;
}

export interface Cell<T> extends External<T> {
  set: (value: T) => void;
}

export function cell<T>(initial: T): Cell<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useExternal<T>(source: External<T>): T {
  return useSyncExternalStore(source.subscribe, source.get);
}
