/** A tool call in one line; opened, the whole of what was asked and answered, live. */
import {
  Ban,
  Check,
  ChevronRight,
  CircleX,
  File,
  Flag,
  FolderOpen,
  Hourglass,
  ListTodo,
  Loader,
  Play,
  Wrench,
} from "lucide-react";
import { useId, useState } from "react";
import { cx } from "@/lib/cx";
import { formatDuration, plural } from "@/lib/format";
import type { ToolItem, ToolState } from "@/stream/view";
import { Code } from "@/ui/code";
import { Sentence } from "@/ui/sentence";
import { Ending, NotKept, waitWords } from "./ending";
import { Output, tail } from "./output";
import { askedFor, codeOf } from "./tool-words";

const icons: Record<string, typeof Play> = {
  execute_code: Play,
  read_file: File,
  list_files: FolderOpen,
  update_plan: ListTodo,
  finish_stage: Flag,
};

const states: Record<ToolState, { icon: typeof Check; tone: string; word: string }> = {
  running: { icon: Loader, tone: "text-info animate-[spin_1.6s_linear_infinite]", word: "running" },
  ok: { icon: Check, tone: "text-ok", word: "done" },
  error: { icon: CircleX, tone: "text-error", word: "failed" },
  interrupted: { icon: Ban, tone: "text-muted", word: "interrupted" },
};

const waiting = { icon: Hourglass, tone: "text-muted", word: "waiting for a place" };

interface Props {
  item: ToolItem;
  onOpenFile: (path: string) => void;
}

export function ToolCall({ item, onOpenFile }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const Icon = icons[item.tool] ?? Wrench;
  const ahead = item.execution?.ahead ?? null;
  const { icon: StateIcon, tone, word } = ahead === null ? states[item.state] : waiting;
  const asked = askedFor(item);
  const live = ahead !== null ? waitWords(ahead) : item.state === "running" ? tail(item.output) : "";
  return (
    <div className="mx-3">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 rounded-sm px-3 py-1 text-left transition-colors hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx("shrink-0 text-faint transition-transform", open && "rotate-90")}
        />
        <Icon size={14} className="shrink-0 text-muted" aria-hidden />
        <span className="shrink-0 font-medium">{asked.title}</span>
        <span className="min-w-0 flex-1 truncate text-muted">
          {item.tool === "finish_stage" ? <Sentence text={asked.detail} /> : asked.detail}
        </span>
        {item.durationMs !== null && (
          <span className="shrink-0 text-small text-muted">{formatDuration(item.durationMs)}</span>
        )}
        <StateIcon size={14} aria-hidden className={cx("shrink-0", tone)} />
        <span className="sr-only">{word}</span>
      </button>
      {!open && live && <p className="truncate pr-3 pl-[57px] font-mono text-code text-muted">{live}</p>}
      <div id={id} hidden={!open}>
        {open && <Opened item={item} onOpenFile={onOpenFile} />}
      </div>
    </div>
  );
}

function Opened({ item, onOpenFile }: Props) {
  const code = codeOf(item);
  const said = item.output.length > 0;
  return (
    <div className="mt-1 mb-2 ml-3 flex flex-col gap-2 border-l border-line pl-3">
      {code !== null ? (
        <Code text={code} language="python" framed className="max-h-96" />
      ) : (
        <Code text={JSON.stringify(item.input, null, 2) ?? ""} language="json" framed className="max-h-64" />
      )}
      {said && <Output pieces={item.output} dropped={item.execution?.end?.droppedOutput ?? 0} />}
      {item.answer && (!said || item.state === "error") && (
        <Output pieces={[{ stream: item.state === "error" ? "STDERR" : "STDOUT", text: item.answer }]} dropped={0} />
      )}
      <Ending execution={item.execution} />
      <NotKept refused={item.refused} />
      {item.files.length > 0 && (
        <ul className="flex flex-wrap gap-x-3 gap-y-1 text-small" aria-label={plural(item.files.length, "file")}>
          {item.files.map((path) => (
            <li key={path}>
              <button
                type="button"
                onClick={() => onOpenFile(path)}
                className="text-accent underline underline-offset-2"
              >
                {path}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
