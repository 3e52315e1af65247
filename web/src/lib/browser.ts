/** Facts of the browser as values to subscribe to: the time, the width, what the system prefers. */
import { useMemo } from "react";
import { cell, type External, useExternal } from "./external";

function ticking(): External<number> {
  const clock = cell(Date.now());
  let readers = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    get: clock.get,
    subscribe: (listener) => {
      readers += 1;
      if (readers === 1) {
        clock.set(Date.now());
        timer = setInterval(() => clock.set(Date.now()), 1000);
      }
      const stop = clock.subscribe(listener);
      return () => {
        stop();
        readers -= 1;
        if (readers === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
  };
}

const ticker = ticking();
const still: External<number> = { get: () => 0, subscribe: () => () => {} };

/** The time in milliseconds, moving once a second while `running`, else 0 and free of renders. */
export function useNow(running: boolean): number {
  return useExternal(running ? ticker : still);
}

export function mediaQuery(query: string): External<boolean> {
  const list = window.matchMedia(query);
  return {
    get: () => list.matches,
    subscribe: (listener) => {
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
  };
}

export function useMedia(query: string): boolean {
  return useExternal(useMemo(() => mediaQuery(query), [query]));
}
