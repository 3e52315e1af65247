/** One entry of the conversation, by what it is. */
import { Bot, CircleAlert, FoldVertical, Gauge, Info, ListChecks, MessageSquareReply, User } from "lucide-react";
import { lazy, memo, type ReactNode, Suspense } from "react";
import type { ChatSessionFragment } from "@/api/gql/graphql";
import { cx } from "@/lib/cx";
import { formatClock, plural } from "@/lib/format";
import type {
  CondensedItem,
  FollowUpItem,
  Item,
  StageEndItem,
  StageResumeItem,
  StageStartItem,
  UserItem,
  ValidationItem,
} from "@/stream/view";
import { Sentence } from "@/ui/sentence";
import { Markdown } from "../markdown/markdown";
import { budgetSentence } from "../terms/budgets";
import { choiceWords } from "../terms/terms";
import { MoodIcon, moodWord, stageName } from "../words";
import { Question } from "./question";
import { ToolCall } from "./tool-call";

// What few sessions need is fetched when one does.
const Approval = lazy(() => import("./approval").then((module) => ({ default: module.Approval })));
const WaysOn = lazy(() => import("./ways-on").then((module) => ({ default: module.WaysOn })));

interface Props {
  item: Item;
  sessionId: string;
  base: string | null;
  onOpenFile: (path: string) => void;
  allows: ChatSessionFragment["allows"];
  /** It is the last that was heard of a stage, so the ways on are here. */
  last: boolean;
  /** What is said now waits for the next stage. */
  waits: boolean;
}

export const ItemView = memo(function ItemView(props: Props) {
  const { item, sessionId, base, onOpenFile, allows } = props;
  switch (item.kind) {
    case "user":
      return <UserMessage item={item} waits={props.waits} />;
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
      // The question itself stands below, with its answer.
      if (item.tool === "ask_user" && item.state !== "error") return null;
      return <ToolCall item={item} onOpenFile={onOpenFile} />;
    case "notice":
      return (
        <Line icon={<Info size={14} className="text-info" aria-hidden />}>
          <span className="text-muted">
            {!item.forPeople && "Told the model: "}
            <Sentence text={item.text} />
          </span>
        </Line>
      );
    case "error":
      return (
        <Line icon={<CircleAlert size={14} className="text-error" aria-hidden />}>
          <span className="text-error">
            <Sentence text={item.text} />
          </span>
        </Line>
      );
    case "stage-start":
      return <StageStart item={item} />;
    case "stage-resume":
      return <StageResume item={item} />;
    case "stage-end":
      return (
        <StageEnd item={item}>
          {props.last && item.outcome !== "DONE" && (allows.resume || allows.retry) && (
            <Suspense fallback={null}>
              <WaysOn item={item} sessionId={sessionId} resume={allows.resume} retry={allows.retry} />
            </Suspense>
          )}
        </StageEnd>
      );
    case "follow-up":
      return <FollowUp item={item} />;
    case "approval":
      return (
        <Suspense fallback={null}>
          <Approval item={item} sessionId={sessionId} open={allows.approve === item.stage} />
        </Suspense>
      );
    case "budget":
      return (
        <Line icon={<Gauge size={14} className={item.used === null ? "text-error" : "text-warn"} aria-hidden />}>
          <span className={item.used === null ? "text-error" : "text-warn"}>
            {budgetSentence(item.budget, item.used, item.limit)}.
          </span>
        </Line>
      );
    case "condensed":
      return <Condensed item={item} />;
    case "question":
      return <Question item={item} sessionId={sessionId} answerable={allows.answer} />;
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
  note?: string;
  mine?: boolean;
  children: ReactNode;
}

function Said({ who, icon, at, note, mine, children }: SaidProps) {
  return (
    <article className={cx("mx-3 rounded-sm px-3 py-2", mine ? "bg-accent-wash" : "")}>
      <header className="mb-0.5 flex items-center gap-1.5 text-small text-muted">
        {icon}
        <span className="font-medium">{who}</span>
        {at && <time dateTime={at}>{formatClock(new Date(at))}</time>}
        {note && <span>· {note}</span>}
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

/** A person's own words, with whether the agent has read them. */
function UserMessage({ item: { text, at, seen, interrupt }, waits }: { item: UserItem; waits: boolean }) {
  const unseen = waits ? "kept for the next stage" : "seen at the next turn";
  const note = [interrupt && "interrupted what ran", !seen && unseen].filter(Boolean).join("; ");
  return (
    <Said who="You" icon={<User size={14} aria-hidden />} at={at} note={note} mine>
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</p>
    </Said>
  );
}

function FollowUp({ item: { provider, model, state, error } }: { item: FollowUpItem }) {
  const words = { RUNNING: "answering", DONE: "answered", CANCELLED: "was stopped", FAILED: "could not answer" }[state];
  return (
    <Line
      icon={<MessageSquareReply size={14} className={state === "FAILED" ? "text-error" : "text-muted"} aria-hidden />}
    >
      <span className="text-muted">
        The agent {state === "RUNNING" ? "is " : ""}
        {words} ({choiceWords(provider, model, null)}); the stages' results stay as they are.
      </span>
      {error && (
        <span className="block text-error">
          <Sentence text={error} />
        </span>
      )}
    </Line>
  );
}

function Condensed({ item: { turns, summarisedTurns } }: { item: CondensedItem }) {
  return (
    <Line icon={<FoldVertical size={14} className="text-info" aria-hidden />}>
      <span className="text-muted">
        Older results are condensed for the model, up to turn {turns}
        {summarisedTurns > 0 && `, and the first ${plural(summarisedTurns, "turn")} summarised`}; the full log is
        untouched.
      </span>
    </Line>
  );
}

function StageResume({ item: { stage, provider, model, at } }: { item: StageResumeItem }) {
  return (
    <div className="mt-3 mb-1 flex items-center gap-3 px-4">
      <h2 className="shrink-0 font-semibold">{stageName[stage]} goes on</h2>
      <span className="min-w-0 truncate text-small text-muted">
        {choiceWords(provider, model, null)}
        {at && ` · ${formatClock(new Date(at))}`}
      </span>
      <span className="h-px flex-1 bg-line" aria-hidden />
    </div>
  );
}

function StageStart({ item }: { item: StageStartItem }) {
  const { stage, through, provider, model, effort, approval, at } = item;
  return (
    <div className="mt-3 mb-1 flex items-center gap-3 px-4 first:mt-0">
      <h2 className="shrink-0 font-semibold">{stageName[stage]}</h2>
      <span className="min-w-0 truncate text-small text-muted">
        {choiceWords(provider, model, effort)}
        {through !== stage && ` · through ${stageName[through]}${approval ? ", asking first" : ""}`}
        {at && ` · ${formatClock(new Date(at))}`}
      </span>
      <span className="h-px flex-1 bg-line" aria-hidden />
    </div>
  );
}

function StageEnd({ item, children }: { item: StageEndItem; children?: ReactNode }) {
  const { stage, outcome, summary, error } = item;
  return (
    <div className="mx-3 my-1 rounded-sm border border-line bg-surface px-3 py-2">
      <p className="flex items-center gap-2 font-medium">
        <MoodIcon mood={outcome} />
        {stageName[stage]} {moodWord(outcome)}
      </p>
      {summary && (
        <p className="mt-1 text-muted [overflow-wrap:anywhere]">
          <Sentence text={summary} />
        </p>
      )}
      {error && (
        <p className="mt-1 text-error [overflow-wrap:anywhere]">
          <Sentence text={error} />
        </p>
      )}
      {children}
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
            Failed: <Sentence text={text} />
          </li>
        ))}
        {warnings.map((text) => (
          <li key={text} className="text-warn">
            Warning: <Sentence text={text} />
          </li>
        ))}
      </ul>
    </div>
  );
}
