/** Says when the server cannot run code yet or at all, or keep files where they belong, and why; silent when it can. */
import { CircleAlert, Loader } from "lucide-react";
import { useEffect } from "react";
import { useQuery } from "urql";
import { sentence } from "@/api/errors";
import { graphql } from "@/api/gql";
import { Notice } from "@/ui/pane";

const EnvironmentQuery = graphql(`
  query Environment {
    server {
      version
      sandbox {
        name
        runsPrograms
        missing
      }
      environment {
        ready
        progress
        error
      }
    }
    objectStore {
      problem
    }
  }
`);

const AGAIN_MS = 2000;
const STORE_AGAIN_MS = 10_000;

export function EnvironmentNotice() {
  const [{ data }, again] = useQuery({ query: EnvironmentQuery, requestPolicy: "cache-and-network" });
  const waiting = data !== undefined && !data.server.environment.ready && !data.server.environment.error;
  const wait = waiting ? AGAIN_MS : data?.objectStore ? STORE_AGAIN_MS : 0;
  useEffect(() => {
    if (wait === 0) return;
    const timer = setInterval(() => again({ requestPolicy: "network-only" }), wait);
    return () => clearInterval(timer);
  }, [wait, again]);

  if (!data) return null;
  const { sandbox, environment } = data.server;
  if (!sandbox.runsPrograms) {
    return (
      <Notice tone="error" icon={<CircleAlert size={14} aria-hidden />}>
        The sandbox “{sandbox.name}” cannot run code here: {sandbox.missing.join("; ")}.
      </Notice>
    );
  }
  if (environment.error) {
    return (
      <Notice tone="error" icon={<CircleAlert size={14} aria-hidden />}>
        The Python environment could not be set up: {sentence(environment.error)}
      </Notice>
    );
  }
  if (!environment.ready) {
    return (
      <Notice icon={<Loader size={14} className="animate-[spin_1.6s_linear_infinite]" aria-hidden />}>
        Setting up the Python environment, once. {environment.progress && sentence(environment.progress)} Stages can
        start when it is done.
      </Notice>
    );
  }
  if (data.objectStore?.problem) {
    return (
      <Notice tone="warn" icon={<CircleAlert size={14} aria-hidden />}>
        {sentence(data.objectStore.problem)} Runs go on.
      </Notice>
    );
  }
  return null;
}
