/** The Studio's view state, as it stands in the address. What does not parse is left out, never an error. */
import type { Stage } from "@/api/gql/graphql";

export const canvasTabs = ["report", "files", "metrics", "code", "data"] as const;
export type CanvasTab = (typeof canvasTabs)[number];

export interface StudioSearch {
  /** Absent until the reader chooses one. */
  tab?: CanvasTab;
  /** Which of the two panes a narrow window shows. */
  pane?: "canvas";
  /** The stage whose report is open. */
  stage?: Stage;
  file?: string;
  /** The call whose code is open. */
  call?: string;
  table?: string;
  x?: "time";
  log?: true;
  smooth?: number;
  /** The runs that are drawn; absent means all. */
  runs?: string[];
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((candidate) => candidate === value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= 1024 ? value : undefined;
}

export function parseStudioSearch(raw: Record<string, unknown>): StudioSearch {
  const smooth = Number(raw.smooth);
  const parsed: { [K in keyof StudioSearch]: StudioSearch[K] | undefined } = {
    tab: oneOf(raw.tab, canvasTabs),
    pane: oneOf(raw.pane, ["canvas"]),
    stage: oneOf(raw.stage, ["EDA", "PREP", "TRAIN"]),
    file: text(raw.file),
    call: text(raw.call),
    table: text(raw.table),
    x: oneOf(raw.x, ["time"]),
    log: raw.log === true ? true : undefined,
    smooth: smooth > 0 && smooth < 1 ? smooth : undefined,
    runs: Array.isArray(raw.runs) ? raw.runs.filter((run) => typeof run === "string") : undefined,
  };
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined));
}
