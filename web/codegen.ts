import type { CodegenConfig } from "@graphql-codegen/cli";

/** The contract is the one at the top of the repository; what is generated from it is committed. */
const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: ["src/**/*.{ts,tsx}", "!src/api/gql/**"],
  generates: {
    "src/api/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: { unmaskFunctionName: "readFragment" } },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        avoidOptionals: { field: true, object: true, inputValue: false, defaultValue: false },
        strictScalars: true,
        scalars: { Long: "number", DateTime: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
