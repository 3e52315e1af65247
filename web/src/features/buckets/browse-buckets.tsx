/** Looks through the buckets that the server may read, and picks objects to import. */
import { Cloud, FileSpreadsheet, Folder, Search } from "lucide-react";
import { useEffect, useState } from "react";
import { useQuery } from "urql";
import { troubleFrom } from "@/api/errors";
import { graphql } from "@/api/gql";
import type { BucketPageQuery } from "@/api/gql/graphql";
import { formatBytes, plural } from "@/lib/format";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { Select } from "@/ui/select";
import type { Remote } from "../gallery/uploads";

const BucketsQuery = graphql(`
  query Buckets {
    objectStore {
      bucket
      problem
      buckets {
        name
      }
    }
  }
`);

const BucketPage = graphql(`
  query BucketPage($bucket: String!, $prefix: String!, $search: String, $after: String) {
    objectStore {
      objects(bucket: $bucket, prefix: $prefix, search: $search, first: 100, after: $after) {
        nodes {
          kind
          name
          key
          uri
          size
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

type Entry = NonNullable<BucketPageQuery["objectStore"]>["objects"]["nodes"][number];

interface Props {
  onClose: () => void;
  onImport: (objects: Remote[]) => void;
}

export function BrowseBuckets({ onClose, onImport }: Props) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Import from a bucket" wide>
      <Buckets onClose={onClose} onImport={onImport} />
    </Dialog>
  );
}

function Buckets({ onClose, onImport }: Props) {
  const [{ data, error }, again] = useQuery({ query: BucketsQuery, requestPolicy: "network-only" });
  const [bucket, setBucket] = useState<string | null>(null);
  const [prefix, setPrefix] = useState("");
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<ReadonlyMap<string, Remote>>(new Map());
  const [sought, setSought] = useState("");
  // A search goes through the store: it waits until the typing rests.
  useEffect(() => {
    const rest = setTimeout(() => setSought(search.trim()), 300);
    return () => clearTimeout(rest);
  }, [search]);

  if (!data) {
    if (!error) return <Skeleton lines={5} />;
    return <Failure title="The buckets could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  if (!data.objectStore) return <Empty title="This server has no object store" />;
  const { buckets, bucket: own } = data.objectStore;
  const shown = bucket ?? buckets.find(({ name }) => name !== own)?.name ?? own;

  const enter = (next: string) => {
    setPrefix(next);
    setSearch("");
    setSought("");
  };
  const toggle = ({ uri, key, size }: Entry) => {
    const next = new Map(chosen);
    const name = key.slice(key.lastIndexOf("/") + 1);
    if (!next.delete(uri)) next.set(uri, { uri, name, size: size ?? 0 });
    setChosen(next);
  };

  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end gap-3">
        <Select
          label="Bucket"
          value={shown}
          options={buckets.map(({ name }) => ({ value: name, label: name }))}
          onChange={(name) => {
            setBucket(name);
            enter("");
          }}
          className="w-56"
        />
        <label className="relative flex-1">
          <span className="sr-only">Search below this folder</span>
          <Search size={14} className="absolute top-2 left-2.5 text-faint" aria-hidden />
          <input
            type="search"
            placeholder="Search below this folder"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            className="h-8 w-full rounded-sm border border-control bg-surface pr-2 pl-8 text-ui placeholder:text-faint"
          />
        </label>
      </div>
      <Path bucket={shown} prefix={prefix} onEnter={enter} />
      <div className="h-72 overflow-y-auto rounded-sm border border-line">
        <List
          key={`${shown}/${prefix}?${sought}`}
          bucket={shown}
          prefix={prefix}
          search={sought}
          chosen={chosen}
          onEnter={enter}
          onToggle={toggle}
        />
      </div>
      <div className="flex items-center justify-end gap-2">
        <p role="status" className="mr-auto text-muted">
          {chosen.size > 0 && `${plural(chosen.size, "object")} chosen`}
        </p>
        <Button onClick={onClose}>Close</Button>
        <Button look="primary" disabled={chosen.size === 0} onClick={() => onImport([...chosen.values()])}>
          Import
        </Button>
      </div>
    </div>
  );
}

/** Where one is; each part leads back to its folder. */
function Path({ bucket, prefix, onEnter }: { bucket: string; prefix: string; onEnter: (prefix: string) => void }) {
  const parts = prefix.split("/").filter(Boolean);
  return (
    <nav aria-label="Folder" className="flex flex-wrap items-center gap-1 text-small">
      <button type="button" className="text-accent hover:underline" onClick={() => onEnter("")}>
        {bucket}
      </button>
      {parts.map((part, at) => {
        const folder = `${parts.slice(0, at + 1).join("/")}/`;
        return (
          <span key={folder} className="flex items-center gap-1">
            <span className="text-faint" aria-hidden>
              /
            </span>
            <button type="button" className="text-accent hover:underline" onClick={() => onEnter(folder)}>
              {part}
            </button>
          </span>
        );
      })}
    </nav>
  );
}

interface ListProps {
  bucket: string;
  prefix: string;
  search: string;
  chosen: ReadonlyMap<string, Remote>;
  onEnter: (prefix: string) => void;
  onToggle: (entry: Entry) => void;
}

function List(props: ListProps) {
  const [after, setAfter] = useState<string[]>([]);
  return (
    <ul>
      {[null, ...after].map((cursor, at) => (
        <Page
          key={cursor}
          {...props}
          after={cursor}
          {...(at === after.length && { onMore: (next: string) => setAfter([...after, next]) })}
        />
      ))}
    </ul>
  );
}

interface PageProps extends ListProps {
  after: string | null;
  /** Present on the last page that is shown. */
  onMore?: (cursor: string) => void;
}

function Page({ bucket, prefix, search, after, chosen, onEnter, onToggle, onMore }: PageProps) {
  const [{ data, error }, again] = useQuery({
    query: BucketPage,
    variables: { bucket, prefix, search: search || null, after },
    requestPolicy: "network-only",
  });
  if (!data?.objectStore) {
    return (
      <li>
        {error ? (
          <Failure title="The bucket could not be read" trouble={troubleFrom(error)} retry={() => again()} />
        ) : (
          <Skeleton lines={4} />
        )}
      </li>
    );
  }
  const { nodes, pageInfo } = data.objectStore.objects;
  const more = onMore && pageInfo.hasNextPage && pageInfo.endCursor;
  if (nodes.length === 0 && !after && !more) {
    const title = search ? `Nothing here holds “${search}”` : "Nothing is here";
    return (
      <li>
        <Empty icon={<Cloud size={24} aria-hidden />} title={title} />
      </li>
    );
  }
  return (
    <>
      {nodes.map((entry) => (
        <li key={entry.uri} className="border-b border-line">
          {entry.kind === "FOLDER" ? (
            <button
              type="button"
              className="flex w-full items-center gap-2 px-3 py-1.5 text-left hover:bg-hover"
              onClick={() => onEnter(entry.key)}
            >
              <Folder size={14} className="shrink-0 text-faint" aria-hidden />
              <span className="truncate">{entry.name}</span>
            </button>
          ) : (
            <label className="flex cursor-pointer items-center gap-2 px-3 py-1.5 hover:bg-hover">
              <input
                type="checkbox"
                className="accent-accent"
                checked={chosen.has(entry.uri)}
                onChange={() => onToggle(entry)}
              />
              <FileSpreadsheet size={14} className="shrink-0 text-faint" aria-hidden />
              <span className="min-w-0 flex-1 truncate">{entry.name}</span>
              <span className="shrink-0 text-muted tabular-nums">{formatBytes(entry.size ?? 0)}</span>
            </label>
          )}
        </li>
      ))}
      {more && (
        <li className="p-2 text-center">
          <Button look="quiet" onClick={() => onMore(more)}>
            Show more
          </Button>
        </li>
      )}
    </>
  );
}
