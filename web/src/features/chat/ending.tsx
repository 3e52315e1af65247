/** How an execution ended and what it took; while it waits for a place, how long the queue is. */
import { formatCount, formatDuration, formatMemory } from "@/lib/format";
import type { Execution, ExecutionEnd, Refused } from "@/stream/view";

/** What it took, in the order in which a reader asks. */
export function tookWords({ durationMs, cpuSeconds, peakMemory }: ExecutionEnd): string {
  const parts = [formatDuration(durationMs), `${formatDuration(cpuSeconds * 1000)} of CPU`];
  if (peakMemory !== null) parts.push(`${formatMemory(peakMemory)} of memory at its peak`);
  return parts.join(", ");
}

export function waitWords(ahead: number): string {
  return `waiting for a place (${ahead > 0 ? `${ahead} ahead` : "next"})`;
}

export function Ending({ execution }: { execution: Execution | null }) {
  const end = execution?.end;
  if (!end) return null;
  return (
    <p className="text-small text-muted">
      The script {end.said}: {tookWords(end)}.
    </p>
  );
}

/** What a script left and is not kept, with the reasons. */
export function NotKept({ refused: { files, more } }: { refused: Refused }) {
  if (files.length === 0) return null;
  return (
    <ul className="text-small text-warn" aria-label="Not kept">
      {files.map(({ path, reason }) => (
        <li key={path} className="break-all">
          Not kept: <code className="font-mono">{path}</code> {reason}
        </li>
      ))}
      {more > 0 && <li>Not kept: {formatCount(more)} more</li>}
    </ul>
  );
}
