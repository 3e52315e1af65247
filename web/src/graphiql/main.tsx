/** GraphiQL on this server's own schema, with every editor worker bundled so that nothing comes from another host. */
import "./workers";
import "graphiql/style.css";
import "./graphiql.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";

const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  wsClient: createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql/ws`,
  }),
});

const start = `# The API of Trainable. Ctrl-Space completes, ⌘K searches the schema.
query Experiments {
  experiments(first: 10) {
    nodes {
      id
      name
    }
  }
}
`;

const page = document.getElementById("graphiql");
if (page) createRoot(page).render(<GraphiQL fetcher={fetcher} defaultQuery={start} />);
