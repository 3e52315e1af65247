/** Every script the agent ran, newest chosen, with what it printed. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Code2 } from "lucide-react";
import { useMemo } from "react";
import { cx } from "@/lib/cx";
import { formatDuration } from "@/lib/format";
import { useView } from "@/stream/use-session";
import type { ToolItem } from "@/stream/view";
import { Code } from "@/ui/code";
import { CopyIcon } from "@/ui/copy";
import { Empty, Skeleton } from "@/ui/pane";
import { Ending } from "../chat/ending";
import { Output } from "../chat/output";
import { askedFor, codeOf } from "../chat/tool-words";
import { MoodIcon, stageName } from "../words";

const moods = { running: "RUNNING", ok: "DONE", error: "FAILED", interrupted: "CANCELLED" } as const;

export function CodePane() {
  const { call } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const items = useView((view) => view.items);
  const caughtUp = useView((view) => view.caughtUp);
  const scripts = useMemo(
    () => items.filter((item): item is ToolItem => item.kind === "tool" && codeOf(item) !== null),
    [items],
  );
  const chosen = scripts.find(({ callId }) => callId === call) ?? scripts.at(-1);
  if (!chosen) {
    if (!caughtUp) return <Skeleton />;
    return (
      <Empty icon={<Code2 size={28} aria-hidden />} title="No code yet">
        Every script that the agent runs is kept here, with its output.
      </Empty>
    );
  }
  return (
    <div className="flex min-h-0 flex-1 max-lg:flex-col">
      <nav
        aria-label="Scripts"
        className="shrink-0 overflow-y-auto border-line max-lg:max-h-40 max-lg:border-b lg:w-56 lg:border-r"
      >
        <ol className="py-1">
          {scripts.map((item) => (
            <li key={item.key}>
              <button
                type="button"
                aria-current={item === chosen}
                onClick={() =>
                  void navigate({ search: (old) => ({ ...old, tab: "code", call: item.callId }), replace: true })
                }
                className={cx(
                  "flex h-7 w-full items-center gap-2 px-3 text-left outline-offset-[-2px] hover:bg-hover",
                  item === chosen && "bg-accent-wash font-medium",
                )}
              >
                <MoodIcon mood={moods[item.state]} />
                <span className="min-w-0 flex-1 truncate">{askedFor(item).detail}</span>
                {item.stage && <span className="text-small text-muted">{stageName[item.stage]}</span>}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <Script item={chosen} />
    </div>
  );
}

function Script({ item }: { item: ToolItem }) {
  const code = codeOf(item) ?? "";
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line pr-2 pl-4">
        <h2 className="min-w-0 flex-1 truncate font-mono text-code text-muted">
          {item.execution?.script ?? askedFor(item).detail}
        </h2>
        {item.durationMs !== null && <span className="text-small text-muted">{formatDuration(item.durationMs)}</span>}
        <CopyIcon label="Copy the code" text={() => code} />
      </div>
      <div className="min-h-0 flex-1 space-y-3 overflow-y-auto p-4">
        <Code text={code} language="python" />
        {item.output.length > 0 && (
          <>
            <h3 className="border-t border-line pt-3 font-semibold">Output</h3>
            <Output pieces={item.output} dropped={item.execution?.end?.droppedOutput ?? 0} />
          </>
        )}
        <Ending execution={item.execution} />
      </div>
    </div>
  );
}
