/** What the session has spent and may spend, in a line that opens to a table. */
import { ChevronRight, CircleAlert, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useNow } from "@/lib/browser";
import { cx } from "@/lib/cx";
import { formatDuration, formatPercent } from "@/lib/format";
import { cachedShare } from "@/stream/spend";
import { useView } from "@/stream/use-session";
import { Button } from "@/ui/button";
import { budgets, units } from "../terms/budgets";
import { type Figure, figureOf, type Pressure, tightest } from "./spend";

const BudgetsDialog = lazy(() =>
  import("../terms/budgets-dialog").then((module) => ({ default: module.BudgetsDialog })),
);

const tones: Record<Pressure, string> = { fine: "text-muted", near: "text-warn", over: "text-error" };
const order = ["usd", "tokens", "turns", "seconds", "sandbox"] as const;

interface Props {
  sessionId: string;
  /** Budgets may be set now. */
  settable: boolean;
}

export function SpendMeter({ sessionId, settable }: Props) {
  const spend = useView((view) => view.spend);
  const run = useView((view) => view.runSpend);
  const held = useView((view) => view.budgets);
  const now = useNow(spend.since !== null);
  const [setting, setSetting] = useState(false);
  if (held === null && spend.turns === 0) return null;
  const cached = cachedShare(spend);
  const figures = order.map((unit) => tightest(unit, run, spend, held, now));
  const money = figures.find(({ unit }) => unit === "usd");
  return (
    <details className="group relative shrink-0 border-t border-line text-small">
      <summary
        aria-label="What was spent"
        className="flex list-none flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-1.5 hover:bg-hover"
      >
        <ChevronRight size={12} aria-hidden className="-ml-1 text-faint transition-transform group-open:rotate-90" />
        {figures.map((figure) => (
          <Short key={figure.unit} figure={figure} cached={figure.unit === "tokens" ? cached : null} />
        ))}
      </summary>
      {money?.share != null && (
        <div className="absolute inset-x-0 -top-px h-0.5" aria-hidden>
          <div
            className={cx("h-full", { fine: "bg-accent", near: "bg-warn", over: "bg-error" }[money.pressure])}
            style={{ width: `${Math.min(1, money.share) * 100}%` }}
          />
        </div>
      )}
      <div className="max-h-64 overflow-auto px-4 pb-3">
        <table className="w-full text-left">
          <thead className="text-muted">
            <tr>
              <th className="py-1 pr-3 font-normal">
                <span className="sr-only">What</span>
              </th>
              <th className="py-1 pr-3 font-normal">This stage</th>
              <th className="py-1 font-normal">Session</th>
            </tr>
          </thead>
          <tbody>
            {order.map((unit) => (
              <tr key={unit} className="border-t border-line align-top">
                <th scope="row" className="py-1 pr-3 font-normal text-muted">
                  {units[unit].label}
                </th>
                {(["stage", "session"] as const).map((scope) => {
                  const budget = budgets.find((one) => one.unit === unit && one.scope === scope);
                  return (
                    <td key={scope} className="py-1 pr-3">
                      {budget && <Long figure={figureOf(budget, scope === "stage" ? run : spend, held, now)} />}
                    </td>
                  );
                })}
              </tr>
            ))}
            <tr className="border-t border-line align-top">
              <th scope="row" className="py-1 pr-3 font-normal text-muted">
                CPU time
              </th>
              {[run, spend].map((one, at) => (
                <td key={at} className="py-1 pr-3">
                  {formatDuration(one.cpuSeconds * 1000)}
                </td>
              ))}
            </tr>
            <tr className="border-t border-line align-top">
              <th scope="row" className="py-1 pr-3 font-normal text-muted">
                Read from cache
              </th>
              {[run, spend].map((one, at) => {
                const share = cachedShare(one);
                return (
                  <td key={at} className="py-1 pr-3">
                    {share === null ? "nothing read" : formatPercent(share)}
                  </td>
                );
              })}
            </tr>
          </tbody>
        </table>
        {settable && (
          <Button className="mt-2" onClick={() => setSetting(true)}>
            Change budgets
          </Button>
        )}
      </div>
      {setting && (
        <Suspense fallback={null}>
          <BudgetsDialog sessionId={sessionId} onClose={() => setSetting(false)} />
        </Suspense>
      )}
    </details>
  );
}

function Mark({ pressure }: { pressure: Pressure }) {
  if (pressure === "fine") return null;
  const Icon = pressure === "near" ? TriangleAlert : CircleAlert;
  return <Icon size={12} className="shrink-0" aria-hidden />;
}

/** The limit of money always, of the rest once it is near. */
function Short({ figure, cached }: { figure: Figure; cached: number | null }) {
  const { unit, spent, note, limit, share, pressure } = figure;
  return (
    <span className={cx("flex items-center gap-1 whitespace-nowrap", tones[pressure])}>
      <Mark pressure={pressure} />
      <span>
        {unit === "sandbox" && "sandbox "}
        {spent}
        {limit !== null &&
          spent !== "price unknown" &&
          (unit === "usd" || pressure !== "fine") &&
          ` of ${limit.replace(/ (turns?|tokens)$/, "")}`}
        {share !== null && pressure !== "fine" && ` (${pressure === "over" ? "used up" : formatPercent(share)})`}
        {cached !== null && cached > 0 && ` (${formatPercent(cached)} cached)`}
        {note && `, ${note}`}
      </span>
    </span>
  );
}

function Long({ figure: { spent, note, limit, share, pressure } }: { figure: Figure }) {
  return (
    <span className={cx("flex flex-wrap items-center gap-x-1", pressure === "fine" ? "" : tones[pressure])}>
      <Mark pressure={pressure} />
      {spent}
      {limit !== null ? (
        <span className={pressure === "fine" ? "text-muted" : ""}>
          of {limit} ({formatPercent(share ?? 0)})
        </span>
      ) : (
        <span className="text-muted">no limit</span>
      )}
      {note && <span className="text-muted">({note})</span>}
    </span>
  );
}
