/** How stages and states read, each as a word with an icon. */
import { Ban, Check, CircleDashed, CircleX, Loader } from "lucide-react";
import type { SessionState, Stage, StageStatusState, TaskType } from "@/api/gql/graphql";
import { cx } from "@/lib/cx";

export const stages: readonly Stage[] = ["EDA", "PREP", "TRAIN"];
export const stageName: Record<Stage, string> = { EDA: "EDA", PREP: "Prep", TRAIN: "Train" };
export const stageTitle: Record<Stage, string> = {
  EDA: "Explore the data",
  PREP: "Prepare the data",
  TRAIN: "Train and check models",
};

export const taskName: Record<TaskType, string> = {
  BINARY: "binary classification",
  MULTICLASS: "multiclass classification",
  REGRESSION: "regression",
};

type Mood = StageStatusState;

const moods: Record<Mood, { icon: typeof Check; tone: string; spin?: boolean; word: string }> = {
  PENDING: { icon: CircleDashed, tone: "text-muted", word: "not started" },
  RUNNING: { icon: Loader, tone: "text-info", spin: true, word: "running" },
  DONE: { icon: Check, tone: "text-ok", word: "done" },
  FAILED: { icon: CircleX, tone: "text-error", word: "failed" },
  CANCELLED: { icon: Ban, tone: "text-muted", word: "cancelled" },
};

export function MoodIcon({ mood, size = 14 }: { mood: Mood; size?: number }) {
  const { icon: Icon, tone, spin } = moods[mood];
  return (
    <Icon size={size} aria-hidden className={cx("shrink-0", tone, spin && "animate-[spin_1.6s_linear_infinite]")} />
  );
}

export const moodWord = (mood: Mood) => moods[mood].word;

const states: Record<SessionState, { mood: Mood; word: string }> = {
  CREATED: { mood: "PENDING", word: "Not started" },
  EDA_RUNNING: { mood: "RUNNING", word: "EDA running" },
  EDA_DONE: { mood: "DONE", word: "EDA done" },
  PREP_RUNNING: { mood: "RUNNING", word: "Prep running" },
  PREP_DONE: { mood: "DONE", word: "Prep done" },
  TRAIN_RUNNING: { mood: "RUNNING", word: "Train running" },
  TRAIN_DONE: { mood: "DONE", word: "Trained" },
  FAILED: { mood: "FAILED", word: "Failed" },
  CANCELLED: { mood: "CANCELLED", word: "Cancelled" },
};

export function StateBadge({ state }: { state: SessionState }) {
  const { mood, word } = states[state];
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <MoodIcon mood={mood} />
      {word}
    </span>
  );
}
