/** The providers and their models. Models are asked of the providers themselves, so they come second and may be slow. */
import { useQuery } from "urql";
import { graphql } from "@/api/gql";
import type { ProviderModelsQuery, ProvidersQuery } from "@/api/gql/graphql";
import { formatCompact, formatPrice } from "@/lib/format";

const Providers = graphql(`
  query Providers {
    providers {
      name
      available
      reason
      description
      defaultModel
      isDefault
      converses
    }
  }
`);

const ProviderModels = graphql(`
  query ProviderModels {
    providers {
      name
      models {
        id
        contextTokens
        maxOutputTokens
        inputUsdPerMillion
        outputUsdPerMillion
        cacheReadUsdPerMillion
        cacheWriteUsdPerMillion
        priceReadOn
        isDefault
      }
    }
  }
`);

export type Provider = ProvidersQuery["providers"][number];
export type Model = ProviderModelsQuery["providers"][number]["models"][number];

export const useProviders = () => useQuery({ query: Providers, requestPolicy: "cache-and-network" });

export function useModels() {
  const [{ data, error, fetching }, again] = useQuery({ query: ProviderModels, requestPolicy: "cache-and-network" });
  const of = (provider: string) => data?.providers.find(({ name }) => name === provider)?.models;
  return { of, error, fetching, again };
}

/** The one that `name` means: itself, or the server's own choice where none is named. */
export function pick(providers: readonly Provider[], name: string | null): Provider | undefined {
  return providers.find((one) => (name === null ? one.isDefault : one.name === name));
}

export const isPriced = ({ inputUsdPerMillion, outputUsdPerMillion }: Model) =>
  inputUsdPerMillion !== null && outputUsdPerMillion !== null;

/** What a model can hold and what it costs, in one line. */
export function modelFacts(model: Model): string {
  const { contextTokens, inputUsdPerMillion, outputUsdPerMillion, priceReadOn } = model;
  const facts = contextTokens === null ? [] : [`${formatCompact(contextTokens)} tokens of context`];
  if (inputUsdPerMillion === null || outputUsdPerMillion === null) {
    return [...facts, "price unknown: its tokens are counted, its cost is not"].join(" · ");
  }
  facts.push(`${formatPrice(inputUsdPerMillion)} read, ${formatPrice(outputUsdPerMillion)} written per million tokens`);
  if (priceReadOn) facts.push(`prices of ${priceReadOn}`);
  return facts.join(" · ");
}
