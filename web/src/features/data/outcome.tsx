/** What the stages made of the table: the splits, and the model's own figures. */
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import { formatCount, formatPercent, formatValue, plural } from "@/lib/format";

const OutcomeFragment = graphql(`
  fragment Outcome on Session {
    id
    processedDataset {
      featureColumns
      targetColumn
      totalRows
      trainRows
      valRows
      testRows
    }
    result {
      bestModel
      metrics {
        name
        value
        lower
        upper
      }
    }
  }
`);

export function Outcome({ session }: { session: FragmentType<typeof OutcomeFragment> }) {
  const { processedDataset: prepared, result } = readFragment(OutcomeFragment, session);
  if (!prepared && !result) return null;
  return (
    <div className="grid gap-3 xl:grid-cols-2">
      {result && (
        <section className="rounded-lg border border-line bg-surface p-4">
          <h2 className="font-semibold">Model: {result.bestModel}</h2>
          <p className="mb-2 text-small text-muted">On the test rows, as the agent reports it.</p>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            {result.metrics.map(({ name, value, lower, upper }) => (
              <div key={name} className="contents">
                <dt className="text-muted">{name}</dt>
                <dd>
                  <span className="font-medium">{value === null ? "not a number" : formatValue(value)}</span>
                  {lower !== null && upper !== null && (
                    <span className="text-small text-muted">
                      {" "}
                      ({formatValue(lower)} to {formatValue(upper)})
                    </span>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {prepared && (
        <section className="rounded-lg border border-line bg-surface p-4">
          <h2 className="font-semibold">Prepared rows</h2>
          <p className="mb-2 text-small text-muted">
            {plural(prepared.featureColumns.length, "feature")} for {prepared.targetColumn}
          </p>
          <Split
            parts={[
              { name: "train", rows: prepared.trainRows, look: "bg-[var(--series-1)]" },
              { name: "val", rows: prepared.valRows, look: "bg-[var(--series-3)]" },
              { name: "test", rows: prepared.testRows, look: "bg-[var(--series-2)]" },
            ]}
          />
        </section>
      )}
    </div>
  );
}

function Split({ parts }: { parts: { name: string; rows: number; look: string }[] }) {
  const total = parts.reduce((sum, { rows }) => sum + rows, 0) || 1;
  return (
    <>
      <div className="flex h-2 gap-px overflow-hidden rounded-full" aria-hidden>
        {parts.map(({ name, rows, look }) => (
          <div key={name} className={look} style={{ width: `${(rows / total) * 100}%` }} />
        ))}
      </div>
      <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1">
        {parts.map(({ name, rows, look }) => (
          <div key={name} className="flex items-baseline gap-1.5">
            <span className={`size-2 rounded-full ${look}`} aria-hidden />
            <dt className="text-muted">{name}</dt>
            <dd>
              {formatCount(rows)} <span className="text-small text-muted">{formatPercent(rows / total)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
