import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: process.env.TRAINABLE_SCHEMA ?? "../../../schema.graphql",
  documents: "../operations.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { Long: "number", DateTime: "string", JSON: "unknown" },
      },
    },
  },
  // The generated files are TypeScript modules that Node runs after `tsc`.
  emitLegacyCommonJSImports: false,
};

export default config;
