/** One entry of the conversation, by what it is. */
import { Bot, CircleAlert, Info, ListChecks, User } from "lucide-react";
import { memo, type ReactNode } from "react";
import { sentence } from "@/api/errors";
import { cx } from "@/lib/cx";
import { formatClock } from "@/lib/format";
import type { Item, StageEndItem, StageStartItem, ValidationItem } from "@/stream/view";
import { Markdown } from "../markdown/markdown";
import { MoodIcon, moodWord, stageName } from "../words";
import { Question } from "./question";
import { ToolCall } from "./tool-call";

interface Props {
  item: Item;
  sessionId: string;
  base: string | null;
  onOpenFile: (path: string) => void;
  answerable: boolean;
}

export const ItemView = memo(function ItemView({ item, sessionId, base, onOpenFile, answerable }: Props) {
  switch (item.kind) {
    case "user":
      return (
        <Said who="You" icon={<User size={14} aria-hidden />} at={item.at} mine>
          <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{item.text}</p>
        </Said>
      );
    case "agent":
      return (
        <Said who="Agent" icon={<Bot size={14} aria-hidden />} at={item.at}>
          <Markdown
            className="message"
            text={item.text}
            base={base}
            path={item.stage ? `${item.stage.toLowerCase()}/` : ""}
            onOpenFile={onOpenFile}
          />
        </Said>
      );
    case "tool":
      return <ToolCall item={item} onOpenFile={onOpenFile} />;
    case "notice":
      return (
        <Line icon={<Info size={14} className="text-info" aria-hidden />}>
          <span className="text-muted">{sentence(item.text)}</span>
        </Line>
      );
    case "error":
      return (
        <Line icon={<CircleAlert size={14} className="text-error" aria-hidden />}>
          <span className="text-error">{sentence(item.text)}</span>
        </Line>
      );
    case "stage-start":
      return <StageStart item={item} />;
    case "stage-end":
      return <StageEnd item={item} />;
    case "question":
      return <Question item={item} sessionId={sessionId} answerable={answerable} />;
    case "validation":
      return <Validation item={item} />;
  }
});

/** Text of the agent while it arrives. */
export function Streaming({ text, base }: { text: string; base: string | null }) {
  return (
    <Said who="Agent" icon={<Bot size={14} aria-hidden />} at={null}>
      <Markdown className="message" text={text} base={base} path="" />
      <span className="mt-1 inline-block h-3.5 w-1.5 animate-pulse bg-accent" aria-hidden />
    </Said>
  );
}

interface SaidProps {
  who: string;
  icon: ReactNode;
  at: string | null;
  mine?: boolean;
  children: ReactNode;
}

function Said({ who, icon, at, mine, children }: SaidProps) {
  return (
    <article className={cx("mx-3 rounded-sm px-3 py-2", mine ? "bg-accent-wash" : "")}>
      <header className="mb-0.5 flex items-center gap-1.5 text-small text-muted">
        {icon}
        <span className="font-medium">{who}</span>
        {at && <time dateTime={at}>{formatClock(new Date(at))}</time>}
      </header>
      {children}
    </article>
  );
}

function Line({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-3 flex items-start gap-2 px-3 py-1 [&>svg]:mt-[3px] [&>svg]:shrink-0">
      {icon}
      <div className="min-w-0 [overflow-wrap:anywhere]">{children}</div>
    </div>
  );
}

function StageStart({ item }: { item: StageStartItem }) {
  const { stage, through, provider, model, at } = item;
  return (
    <div className="mt-3 mb-1 flex items-center gap-3 px-4 first:mt-0">
      <h2 className="shrink-0 font-semibold">{stageName[stage]}</h2>
      <span className="min-w-0 truncate text-small text-muted">
        {provider === model ? provider : `${provider} · ${model}`}
        {through !== stage && ` · through ${stageName[through]}`}
        {at && ` · ${formatClock(new Date(at))}`}
      </span>
      <span className="h-px flex-1 bg-line" aria-hidden />
    </div>
  );
}

function StageEnd({ item }: { item: StageEndItem }) {
  const { stage, outcome, summary, error } = item;
  return (
    <div className="mx-3 my-1 rounded-sm border border-line bg-surface px-3 py-2">
      <p className="flex items-center gap-2 font-medium">
        <MoodIcon mood={outcome} />
        {stageName[stage]} {moodWord(outcome)}
      </p>
      {summary && <p className="mt-1 text-muted [overflow-wrap:anywhere]">{summary}</p>}
      {error && <p className="mt-1 text-error [overflow-wrap:anywhere]">{sentence(error)}</p>}
    </div>
  );
}

function Validation({ item: { stage, passed, warnings, errors } }: { item: ValidationItem }) {
  return (
    <div className="mx-3 my-1 rounded-sm border border-line bg-surface px-3 py-2">
      <p className="flex items-center gap-2 font-medium">
        <ListChecks size={14} aria-hidden className={errors.length > 0 ? "text-error" : "text-ok"} />
        Checks of {stageName[stage]}: {passed.length} passed, {warnings.length} warned, {errors.length} failed
      </p>
      <ul className="mt-1 flex flex-col gap-0.5">
        {errors.map((text) => (
          <li key={text} className="text-error">
            Failed: {sentence(text)}
          </li>
        ))}
        {warnings.map((text) => (
          <li key={text} className="text-warn">
            Warning: {sentence(text)}
          </li>
        ))}
      </ul>
    </div>
  );
}
