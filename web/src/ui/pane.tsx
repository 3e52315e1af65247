/** What a pane shows when it has nothing, not yet, not any more, or not at all. */
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Button } from "./button";
import { CopyButton } from "./copy";

export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="flex min-h-48 flex-1 flex-col items-center justify-center gap-2 p-8 text-center">
      {icon && <div className="text-faint">{icon}</div>}
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-sm text-muted">{children}</div>}
    </div>
  );
}

/** Grey lines where text will be; invisible for the first 150 ms. */
export function Skeleton({ lines = 6, className }: { lines?: number; className?: string }) {
  return (
    <div className={cx("late flex flex-col gap-3 p-4", className)} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div
          key={line}
          className="h-3 animate-pulse rounded-sm bg-hover"
          style={{ width: `${[92, 78, 85, 60, 88, 70][line % 6]}%` }}
        />
      ))}
    </div>
  );
}

export interface Trouble {
  message: string;
  detail?: string | undefined;
}

/** A failure with its cause, a way to try again and a way to pass it on. */
export function Failure({
  title,
  trouble,
  retry,
}: {
  title: string;
  trouble: Trouble;
  retry?: (() => void) | undefined;
}) {
  return (
    <div role="alert" className="m-4 flex flex-col gap-3 rounded-lg border border-line bg-error-wash p-4">
      <div className="flex items-start gap-2">
        <CircleAlert size={16} className="mt-0.5 shrink-0 text-error" aria-hidden />
        <div className="min-w-0">
          <p className="font-medium">{title}</p>
          <p className="break-words text-muted">{trouble.message}</p>
        </div>
      </div>
      <div className="flex gap-2">
        {retry && (
          <Button onClick={retry} icon={<RotateCw size={14} />}>
            Try again
          </Button>
        )}
        <CopyButton
          label="Copy details"
          text={() => [title, trouble.message, trouble.detail].filter(Boolean).join("\n")}
        />
      </div>
    </div>
  );
}

/** One line over content that may be older than what the server has. */
export function Notice({
  icon,
  children,
  tone = "muted",
}: {
  icon?: ReactNode;
  children: ReactNode;
  tone?: "muted" | "warn" | "error";
}) {
  const tones = { muted: "text-muted", warn: "text-warn", error: "text-error" };
  return (
    <div
      role="status"
      className={cx("flex items-center gap-2 border-b border-line bg-sunken px-3 py-1.5 text-small", tones[tone])}
    >
      {icon}
      <span>{children}</span>
    </div>
  );
}
