import { formatCompact, formatMoney, plural } from "@/lib/format";
import { useView } from "@/stream/use-session";

/** What the session has used so far. */
export function UsageMeter() {
  const { turns, inputTokens, outputTokens, cachedTokens, costUsd } = useView((view) => view.usage);
  if (turns === 0) return null;
  const tokens = inputTokens + outputTokens + cachedTokens > 0;
  return (
    <p className="flex shrink-0 gap-3 border-t border-line px-4 py-1 text-small text-muted">
      <span>{plural(turns, "turn")}</span>
      {tokens ? (
        <>
          <span>{formatCompact(inputTokens)} tokens in</span>
          <span>{formatCompact(outputTokens)} out</span>
          {cachedTokens > 0 && <span>{formatCompact(cachedTokens)} cached</span>}
        </>
      ) : (
        <span>no tokens</span>
      )}
      {costUsd !== null && <span>{formatMoney(costUsd)}</span>}
    </p>
  );
}
