/** Provider, model and effort, in a row; below it what the model costs and which providers are not ready, and why. */
import { Link } from "@tanstack/react-router";
import { CircleSlash } from "lucide-react";
import { useId, useState } from "react";
import { sentence, troubleFrom } from "@/api/errors";
import { Failure, Skeleton } from "@/ui/pane";
import { Select } from "@/ui/select";
import { Sentence } from "@/ui/sentence";
import { modelFacts, type Provider, pick, useModels, useProviders } from "./providers";
import { type Choice, efforts, modelName, noChoice, REPLAY } from "./terms";

interface Props {
  value: Choice;
  onChange: (next: Choice) => void;
  /** What is taken when nothing is chosen: the session's own choice. */
  own: Choice;
  /** One row without the lines below it: for a later stage, which may also follow the first one. */
  stage?: string;
}

/** Puts the cursor where the reader asked to type. */
const focus = (element: HTMLInputElement | null) => element?.focus();

const AS_FIRST = "as the first";
const OTHER = "another";

export function ModelPicker({ value, onChange, own, stage }: Props) {
  const [{ data, error }, again] = useProviders();
  if (!data) {
    if (!error) return <Skeleton lines={2} className="p-0" />;
    return <Failure title="The providers could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  return <Row providers={data.providers} value={value} onChange={onChange} own={own} stage={stage} />;
}

function Row({
  providers,
  value,
  onChange,
  own,
  stage,
}: Omit<Props, "stage"> & { providers: Provider[]; stage: string | undefined }) {
  const taken = value.provider ?? own.provider;
  const provider = pick(providers, taken);
  const follows = stage !== undefined && value.provider === null;
  const idle = providers.filter(({ available }) => !available);
  const named = (label: string) => (stage ? `${label} of ${stage}` : label);
  return (
    <div className="flex flex-col gap-2">
      <div className="grid gap-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,1.6fr)_minmax(0,0.8fr)]">
        <Select
          label={named("Agent")}
          bare={stage !== undefined}
          value={follows ? AS_FIRST : (provider?.name ?? "")}
          options={[
            ...(stage ? [{ value: AS_FIRST, label: "As the first stage" }] : []),
            ...providers.map(({ name, available, isDefault }) => ({
              value: name,
              label: `${name}${available ? "" : " (not ready)"}${isDefault ? " · default" : ""}`,
              disabled: !available && name !== value.provider,
            })),
          ]}
          onChange={(name) => onChange({ ...noChoice, provider: name === AS_FIRST ? null : name })}
        />
        {!follows && provider && (
          <ModelOfProvider
            key={provider.name}
            provider={provider}
            value={value}
            onChange={onChange}
            own={own}
            stage={stage}
          />
        )}
      </div>
      {stage === undefined && idle.length > 0 && (
        <ul className="flex flex-col gap-1 text-small text-muted" aria-label="Providers that are not ready">
          {idle.map(({ name, reason }) => (
            <li key={name} className="flex items-start gap-1.5">
              <CircleSlash size={12} className="mt-0.5 shrink-0" aria-hidden />
              <span className="min-w-0 [overflow-wrap:anywhere]">
                <span className="font-medium text-fg">{name}</span> is not ready:{" "}
                <Sentence text={reason ?? "the server does not say why"} />
              </span>
            </li>
          ))}
          <li>
            <Link
              to="/settings/$section"
              params={{ section: "models" }}
              className="text-accent underline underline-offset-2"
            >
              All providers and models
            </Link>
          </li>
        </ul>
      )}
    </div>
  );
}

type ModelProps = Omit<Props, "stage"> & { provider: Provider; stage: string | undefined };

function ModelOfProvider({ provider, value, onChange, own, stage }: ModelProps) {
  const { of, fetching } = useModels();
  const [typing, setTyping] = useState(false);
  const inputId = useId();
  const models = of(provider.name) ?? [];
  const usual = (provider.name === own.provider ? own.model : null) ?? provider.defaultModel;
  const id = value.model ?? usual;
  const known = models.some((one) => one.id === id);
  const chosen = models.find((one) => one.id === id);
  const replay = provider.name === REPLAY;
  const named = (label: string) => (stage ? `${label} of ${stage}` : label);
  const choose = (model: string | null) => onChange({ ...value, provider: provider.name, model });
  return (
    <>
      {typing ? (
        <div className="flex min-w-0 flex-col gap-1">
          <label htmlFor={inputId} className={stage ? "sr-only" : "font-medium"}>
            {named("Model")}
          </label>
          <input
            id={inputId}
            ref={focus}
            placeholder="Its name, as the provider calls it"
            value={value.model ?? ""}
            onChange={(event) => choose(event.target.value || null)}
            onBlur={() => setTyping(value.model !== null && !known)}
            className="h-8 w-full min-w-0 rounded-sm border border-control bg-surface px-2 text-ui placeholder:text-faint"
          />
        </div>
      ) : (
        <Select
          label={named(replay ? "Transcript" : "Model")}
          bare={stage !== undefined}
          value={id}
          options={[
            ...(known || id === ""
              ? []
              : [{ value: id, label: `${modelName(id)}${id === provider.defaultModel ? " · default" : ""}` }]),
            ...(id === "" ? [{ value: "", label: "None yet", disabled: true }] : []),
            ...models.map((one) => ({
              value: one.id,
              label: `${modelName(one.id)}${one.isDefault ? " · default" : ""}`,
            })),
            ...(provider.converses ? [{ value: OTHER, label: "Another model…" }] : []),
          ]}
          onChange={(next) => {
            if (next !== OTHER) return choose(next);
            setTyping(true);
            choose(null);
          }}
        />
      )}
      {provider.converses && (
        <Select
          label={named("Effort")}
          bare={stage !== undefined}
          value={value.effort ?? ""}
          options={[
            { value: "", label: own.effort ? `${own.effort.toLowerCase()} · the session's` : "the model's own" },
            ...efforts,
          ]}
          onChange={(next) =>
            onChange({ ...value, effort: efforts.find((effort) => effort.value === next)?.value ?? null })
          }
        />
      )}
      {stage === undefined && (
        <p className="text-small text-muted sm:col-span-3" role="status">
          {provider.converses
            ? chosen
              ? sentence(modelFacts(chosen))
              : fetching
                ? "Asking the provider for its models…"
                : "Price unknown: its tokens are counted, its cost is not."
            : sentence(provider.description)}
        </p>
      )}
    </>
  );
}
