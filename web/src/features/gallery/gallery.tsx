/** Every experiment, the way to a new one, and samples to try. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Cloud, FlaskConical, Search, Upload } from "lucide-react";
import { type DragEvent, lazy, Suspense, useRef, useState } from "react";
import { useQuery, useSubscription } from "urql";
import { troubleFrom } from "@/api/errors";
import { graphql, readFragment } from "@/api/gql";
import { plural } from "@/lib/format";
import { useHotkey } from "@/lib/keys";
import { Button } from "@/ui/button";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { EnvironmentNotice } from "../environment-notice";
import { ExperimentRow, ExperimentRowFragment } from "./experiment-row";
import { NewExperiment } from "./new-experiment";
import { Samples } from "./samples";
import { useUploads } from "./uploads";

const GalleryQuery = graphql(`
  query Gallery($search: String, $after: String) {
    experiments(first: 50, after: $after, search: $search) {
      totalCount
      nodes {
        id
        ...ExperimentRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const StoreQuery = graphql(`
  query Store {
    objectStore {
      bucket
    }
  }
`);

/** Most servers have no bucket, and most visits open none. */
const BrowseBuckets = lazy(() =>
  import("../buckets/browse-buckets").then((module) => ({ default: module.BrowseBuckets })),
);

const GalleryChanged = graphql(`
  subscription GalleryChanged {
    experimentChanged {
      experimentId
    }
  }
`);

export function Gallery() {
  const { q } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const uploads = useUploads();
  const [open, setOpen] = useState(false);
  const [over, setOver] = useState(false);
  const [browsing, setBrowsing] = useState(false);
  const [{ data: store }] = useQuery({ query: StoreQuery });
  const hasBuckets = Boolean(store?.objectStore);
  const picker = useRef<HTMLInputElement>(null);
  useSubscription({ query: GalleryChanged });

  const take = (files: Iterable<File>) => {
    uploads.add(files);
    setOpen(true);
  };
  const pick = () => picker.current?.click();
  useHotkey("u", pick);

  const drop = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer.files.length > 0) take(event.dataTransfer.files);
    },
  };

  return (
    <div className="min-h-0 flex-1 overflow-y-auto" {...drop}>
      <EnvironmentNotice />
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-8 px-4 py-6">
        <section aria-labelledby="experiments">
          <div className="mb-3 flex flex-wrap items-center gap-3">
            <h1 id="experiments" className="text-title font-semibold">
              Experiments
            </h1>
            <div className="flex-1" />
            <label className="relative">
              <span className="sr-only">Search experiments</span>
              <Search size={14} className="absolute top-2 left-2.5 text-faint" aria-hidden />
              <input
                type="search"
                placeholder="Search"
                value={q ?? ""}
                onChange={(event) =>
                  void navigate({ search: event.target.value ? { q: event.target.value } : {}, replace: true })
                }
                className="h-8 w-52 rounded-sm border border-control bg-surface pr-2 pl-8 text-ui placeholder:text-faint"
              />
            </label>
            {hasBuckets && (
              <Button icon={<Cloud size={14} />} onClick={() => setBrowsing(true)}>
                From a bucket
              </Button>
            )}
            <Button look="primary" icon={<Upload size={14} />} onClick={pick}>
              New experiment
            </Button>
            <input
              ref={picker}
              type="file"
              multiple
              hidden
              aria-label="Files of a new experiment"
              accept=".csv,.tsv,.txt,.parquet,.xlsx,.jsonl,.ndjson,.json"
              onChange={(event) => {
                if (event.target.files) take([...event.target.files]);
                event.target.value = "";
              }}
            />
          </div>
          <Experiments search={q} onPick={pick} />
        </section>
        <Samples />
      </div>
      {over && (
        <div className="pointer-events-none fixed inset-3 z-30 flex items-center justify-center rounded-lg border-2 border-dashed border-accent bg-accent-wash/90">
          <p className="flex items-center gap-2 text-lead font-semibold text-accent">
            <Upload aria-hidden /> Drop to make an experiment
          </p>
        </div>
      )}
      {browsing && (
        <Suspense fallback={null}>
          <BrowseBuckets
            onClose={() => setBrowsing(false)}
            onImport={(objects) => {
              setBrowsing(false);
              uploads.fetch(objects);
              setOpen(true);
            }}
          />
        </Suspense>
      )}
      <NewExperiment open={open} onOpenChange={setOpen} uploads={uploads} onPick={pick} />
    </div>
  );
}

function Experiments({ search, onPick }: { search: string | undefined; onPick: () => void }) {
  const [cursors, setCursors] = useState<{ search: string | undefined; after: string[] }>({ search, after: [] });
  const after = cursors.search === search ? cursors.after : [];
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-surface">
      <Page search={search} onPick={onPick} {...(after.length === 0 && { onMore: more })} />
      {after.map((cursor, at) => (
        <Page
          key={cursor}
          search={search}
          after={cursor}
          onPick={onPick}
          {...(at === after.length - 1 && { onMore: more })}
        />
      ))}
    </div>
  );

  function more(cursor: string) {
    setCursors({ search, after: [...after, cursor] });
  }
}

interface PageProps {
  search: string | undefined;
  after?: string;
  onPick: () => void;
  /** Present on the last page that is shown. */
  onMore?: (cursor: string) => void;
}

function Page({ search, after, onPick, onMore }: PageProps) {
  const [{ data, error }, again] = useQuery({
    query: GalleryQuery,
    variables: { search: search ?? null, after: after ?? null },
    requestPolicy: "cache-and-network",
  });
  if (!data) {
    if (!error) return <Skeleton lines={4} />;
    return <Failure title="The experiments could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  const { nodes, pageInfo, totalCount } = data.experiments;
  if (nodes.length === 0 && !after) return <Nothing search={search} onPick={onPick} />;
  return (
    <>
      {!after && <p className="sr-only">{plural(totalCount, "experiment")}</p>}
      <ul>
        {nodes.map((node) => (
          <ExperimentRow key={node.id} experiment={readFragment(ExperimentRowFragment, node)} />
        ))}
      </ul>
      {onMore && pageInfo.hasNextPage && pageInfo.endCursor && (
        <div className="border-t border-line p-2 text-center">
          <Button look="quiet" onClick={() => onMore(pageInfo.endCursor ?? "")}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function Nothing({ search, onPick }: { search: string | undefined; onPick: () => void }) {
  if (search) return <Empty title={`No experiment matches “${search}”`}>Try a part of its name.</Empty>;
  return (
    <Empty icon={<FlaskConical size={28} aria-hidden />} title="Drop a table here to begin">
      <p>CSV, TSV, Parquet, Excel or JSON lines. Say what you want to predict, or let the agent find out.</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        <Button look="primary" icon={<Upload size={14} />} onClick={onPick}>
          Choose files
        </Button>
        <Button onClick={() => document.getElementById("samples")?.scrollIntoView({ behavior: "smooth" })}>
          Or try a sample
        </Button>
      </div>
    </Empty>
  );
}
