/** Light or dark: what the system says until the reader chooses. */
import { mediaQuery } from "./browser";
import { cell, type External, useExternal } from "./external";

export type ThemeChoice = "system" | "light" | "dark";
export type Theme = "light" | "dark";

const KEY = "trainable.theme";
const choice = cell<ThemeChoice>(readChoice());
const systemDark = mediaQuery("(prefers-color-scheme: dark)");

function readChoice(): ThemeChoice {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

const theme: External<Theme> = {
  get: () => {
    const chosen = choice.get();
    if (chosen !== "system") return chosen;
    return systemDark.get() ? "dark" : "light";
  },
  subscribe: (listener) => {
    const stops = [choice.subscribe(listener), systemDark.subscribe(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  },
};

export function chooseTheme(next: ThemeChoice) {
  if (next === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  choice.set(next);
}

/** Keeps the document in the current theme for as long as the page lives. */
export function applyTheme() {
  const show = () => {
    document.documentElement.dataset.theme = theme.get();
  };
  show();
  theme.subscribe(show);
}

export const useTheme = () => useExternal(theme);
export const useThemeChoice = () => useExternal(choice);
