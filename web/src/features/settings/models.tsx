/** The providers: which are ready, what keeps the others, and what their models hold and cost. */
import { Bot, Check, CircleSlash, Star } from "lucide-react";
import { type ReactNode, useId } from "react";
import { sentence, troubleFrom } from "@/api/errors";
import { formatCompact, formatPrice } from "@/lib/format";
import { CopyIcon } from "@/ui/copy";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { Sentence } from "@/ui/sentence";
import { isPriced, type Model, type Provider, useModels, useProviders } from "../terms/providers";
import { REPLAY } from "../terms/terms";
import { variablesIn } from "./variables";

export function Models() {
  const [{ data, error }, again] = useProviders();
  const models = useModels();
  return (
    <div className="flex flex-col gap-4">
      <div>
        <h1 className="text-title font-semibold">Models</h1>
        <p className="text-muted">
          What can drive the agent here. Keys are read from the server's environment when it starts; they are never
          shown and never leave it.
        </p>
      </div>
      {!data && !error && <Skeleton lines={6} className="px-0" />}
      {!data && error && (
        <Failure title="The providers could not be read" trouble={troubleFrom(error)} retry={() => again()} />
      )}
      {data && error && (
        <Failure
          title="The list may be old"
          trouble={troubleFrom(error)}
          retry={() => again({ requestPolicy: "network-only" })}
        />
      )}
      {data && models.error && (
        <Failure
          title="The models could not be read"
          trouble={troubleFrom(models.error)}
          retry={() => models.again({ requestPolicy: "network-only" })}
        />
      )}
      {data?.providers.length === 0 && (
        <Empty icon={<Bot size={28} aria-hidden />} title="This server has no provider">
          Start it with a build that has one; the autopilot needs no key.
        </Empty>
      )}
      <div className="flex flex-col gap-4">
        {data?.providers.map((provider) => (
          <Card key={provider.name} provider={provider}>
            {models.of(provider.name) ? (
              <ModelTable provider={provider} models={models.of(provider.name) ?? []} />
            ) : (
              models.fetching && <Skeleton lines={2} />
            )}
          </Card>
        ))}
      </div>
    </div>
  );
}

function Card({ provider, children }: { provider: Provider; children: ReactNode }) {
  const { name, available, reason, description, isDefault, converses } = provider;
  const id = useId();
  return (
    <section aria-labelledby={id} className="overflow-hidden rounded-lg border border-line bg-surface">
      <div className="flex flex-col gap-2 px-4 py-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 id={id} className="text-lead font-semibold">
            {name}
          </h2>
          {available ? (
            <span className="flex items-center gap-1 text-small font-medium text-ok">
              <Check size={14} aria-hidden /> Ready
            </span>
          ) : (
            <span className="flex items-center gap-1 text-small font-medium text-warn">
              <CircleSlash size={14} aria-hidden /> Not ready
            </span>
          )}
          {isDefault && (
            <span className="flex items-center gap-1 text-small font-medium text-accent">
              <Star size={14} aria-hidden /> Default of this server
            </span>
          )}
        </div>
        <p className="text-muted">
          {sentence(description)}
          {!converses && " It answers no messages; they are kept for the next stage."}
        </p>
        {!available && <WayOut reason={reason ?? "the server does not say why"} />}
      </div>
      {children}
    </section>
  );
}

/** Why a provider is not ready, and the names to copy. */
function WayOut({ reason }: { reason: string }) {
  const variables = variablesIn(reason);
  return (
    <div className="flex flex-col gap-2 rounded-sm bg-sunken px-3 py-2">
      <p className="[overflow-wrap:anywhere]">
        <Sentence text={reason} />
      </p>
      {variables.length > 0 && (
        <ul className="flex flex-wrap gap-2" aria-label="Variables to set">
          {variables.map((variable) => (
            <li
              key={variable}
              className="flex items-center gap-1 rounded-sm border border-line bg-surface pl-2 font-mono text-code"
            >
              {variable}
              <CopyIcon label={`Copy ${variable}`} text={() => variable} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function ModelTable({ provider, models }: { provider: Provider; models: readonly Model[] }) {
  if (models.length === 0) {
    return (
      <p className="border-t border-line px-4 py-3 text-muted">
        {provider.name === REPLAY
          ? "No transcript yet. Import one where a stage is started."
          : "It names no model; any may be named where a stage is started."}
      </p>
    );
  }
  // The autopilot and transcripts hold no tokens and cost nothing: a table of dashes would tell nothing.
  if (!provider.converses) {
    return (
      <ul
        className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line px-4 py-3"
        aria-label={`Models of ${provider.name}`}
      >
        {models.map(({ id }) => (
          <li key={id} className="font-mono text-code [overflow-wrap:anywhere]">
            {id}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <div
      className="overflow-x-auto border-t border-line"
      role="group"
      aria-label={`Models of ${provider.name}`}
      tabIndex={0}
    >
      <table className="w-full min-w-160 text-left">
        <thead className="text-small text-muted">
          <tr>
            <th rowSpan={2} className="px-4 pt-2 pb-1 align-bottom font-normal">
              Model
            </th>
            <th rowSpan={2} className="px-3 pt-2 pb-1 text-right align-bottom font-normal">
              Context
            </th>
            <th rowSpan={2} className="px-3 pt-2 pb-1 text-right align-bottom font-normal">
              Longest answer
            </th>
            <th colSpan={4} className="px-3 pt-2 text-right font-normal">
              USD per million tokens
            </th>
            <th rowSpan={2} className="px-4 pt-2 pb-1 text-right align-bottom font-normal">
              Prices of
            </th>
          </tr>
          <tr>
            {["read", "written", "from cache", "into cache"].map((what) => (
              <th key={what} className="px-3 pb-1 text-right font-normal">
                {what}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <Row key={model.id} model={model} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const dash = <span className="text-faint">–</span>;
const count = (tokens: number | null) => (tokens === null ? dash : formatCompact(tokens));
const price = (dollars: number | null) => (dollars === null ? dash : formatPrice(dollars));

function Row({ model }: { model: Model }) {
  const { id, isDefault, contextTokens, maxOutputTokens, priceReadOn } = model;
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-4 py-1.5 font-normal">
        <span className="flex items-center gap-2 whitespace-nowrap">
          <span className="font-mono text-code">{id}</span>
          {isDefault && (
            <span className="flex items-center gap-1 text-small font-medium text-accent">
              <Star size={12} aria-hidden /> default
            </span>
          )}
        </span>
      </th>
      <td className="px-3 py-1.5 text-right">{count(contextTokens)}</td>
      <td className="px-3 py-1.5 text-right">{count(maxOutputTokens)}</td>
      {isPriced(model) ? (
        <>
          <td className="px-3 py-1.5 text-right">{price(model.inputUsdPerMillion)}</td>
          <td className="px-3 py-1.5 text-right">{price(model.outputUsdPerMillion)}</td>
          <td className="px-3 py-1.5 text-right">{price(model.cacheReadUsdPerMillion)}</td>
          <td className="px-3 py-1.5 text-right">{price(model.cacheWriteUsdPerMillion)}</td>
          <td className="px-4 py-1.5 text-right whitespace-nowrap text-muted">
            {priceReadOn === null ? dash : <time dateTime={priceReadOn}>{priceReadOn}</time>}
          </td>
        </>
      ) : (
        <td colSpan={5} className="px-4 py-1.5 text-center text-muted">
          Price unknown: its tokens are counted, its cost is not.
        </td>
      )}
    </tr>
  );
}
