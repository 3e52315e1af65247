/** What one file holds, by its kind. */
import { Download, FileQuestion } from "lucide-react";
import type { ReactNode } from "react";
import { useQuery } from "urql";
import { troubleFrom } from "@/api/errors";
import { graphql } from "@/api/gql";
import { formatBytes } from "@/lib/format";
import { Code } from "@/ui/code";
import { CopyIcon } from "@/ui/copy";
import { Empty, Failure, Notice, Skeleton } from "@/ui/pane";
import { Markdown } from "../markdown/markdown";
import { TableView } from "./table-view";

type Kind = "image" | "page" | "table" | "markdown" | "json" | "python" | "text";

const kinds: Record<string, Kind> = {
  png: "image",
  jpg: "image",
  jpeg: "image",
  gif: "image",
  webp: "image",
  svg: "page",
  html: "page",
  htm: "page",
  csv: "table",
  tsv: "table",
  parquet: "table",
  xlsx: "table",
  jsonl: "table",
  md: "markdown",
  json: "json",
  py: "python",
};

function kindOf(path: string): Kind {
  return kinds[path.split(".").at(-1)?.toLowerCase() ?? ""] ?? "text";
}

interface Props {
  sessionId: string;
  path: string;
  url: string;
  /** Where the session's files are. */
  base: string | null;
  /** When the file was last written; another value makes the preview look again. */
  version: string;
  onOpenFile: (path: string) => void;
}

export function FilePreview({ sessionId, path, url, base, version, onOpenFile }: Props) {
  const kind = kindOf(path);
  const address = `${url}?v=${Date.parse(version)}`;
  const name = path.split("/").at(-1) ?? path;
  switch (kind) {
    case "image":
      return (
        <Frame path={path} address={address}>
          <div className="min-h-0 flex-1 overflow-auto p-4">
            <img src={address} alt={name} className="max-w-full rounded-sm border border-line bg-[#ffffff]" />
          </div>
        </Frame>
      );
    case "page":
      return (
        <Frame path={path} address={address}>
          <iframe title={name} src={address} sandbox="allow-scripts" className="min-h-0 flex-1 bg-[#ffffff]" />
        </Frame>
      );
    case "table":
      return (
        <Frame path={path} address={address}>
          <TableView sessionId={sessionId} path={path} version={version} />
        </Frame>
      );
    default:
      return <TextFile {...{ sessionId, path, url, base, version, onOpenFile, kind, address }} />;
  }
}

const TextFileQuery = graphql(`
  query TextFile($id: ID!, $path: String!) {
    session(id: $id) {
      id
      file(path: $path) {
        path
        size
        text
      }
    }
  }
`);

/** The API sends this much of a text at most. */
const SENT = 256 * 1024;

function TextFile({ sessionId, path, base, onOpenFile, kind, address }: Props & { kind: Kind; address: string }) {
  const [{ data, error }, again] = useQuery({
    query: TextFileQuery,
    variables: { id: sessionId, path },
    requestPolicy: "cache-and-network",
  });
  if (!data) {
    if (!error) return <Skeleton />;
    return <Failure title={`${path} could not be read`} trouble={troubleFrom(error)} retry={() => again()} />;
  }
  const file = data.session?.file;
  if (!file) return <Empty title="There is no such file">It may have been moved by a new run of its stage.</Empty>;
  const { text, size } = file;
  if (text === null) {
    return (
      <Frame path={path} address={address}>
        <Empty icon={<FileQuestion size={28} aria-hidden />} title="No preview of this kind of file">
          {formatBytes(size)} of binary data. Download it to open it.
        </Empty>
      </Frame>
    );
  }
  return (
    <Frame path={path} address={address} copy={text}>
      {size > SENT && (
        <Notice>
          The first {formatBytes(SENT)} of {formatBytes(size)}. Download the file for all of it.
        </Notice>
      )}
      <div className="min-h-0 flex-1 overflow-auto">
        {kind === "markdown" ? (
          <Markdown className="report px-6 py-5" text={text} base={base} path={path} onOpenFile={onOpenFile} />
        ) : (
          <Code text={kind === "json" ? pretty(text) : text} language={kind} className="p-4" />
        )}
      </div>
    </Frame>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

interface FrameProps {
  path: string;
  address: string;
  copy?: string;
  children: ReactNode;
}

function Frame({ path, address, copy, children }: FrameProps) {
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line pr-2 pl-4">
        <h2 className="min-w-0 flex-1 truncate font-mono text-code text-muted" title={path}>
          {path}
        </h2>
        {copy !== undefined && <CopyIcon label="Copy the content" text={() => copy} />}
        <a
          href={address}
          download
          aria-label={`Download ${path}`}
          title="Download"
          className="inline-flex size-7 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-fg"
        >
          <Download size={14} />
        </a>
      </div>
      {children}
    </div>
  );
}
