/** The session's files: a tree and what the chosen one holds. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronLeft, FolderTree } from "lucide-react";
import { useEffect } from "react";
import { useQuery } from "urql";
import { troubleFrom } from "@/api/errors";
import { baseOf } from "@/api/files";
import { graphql } from "@/api/gql";
import { useMedia } from "@/lib/browser";
import { useView } from "@/stream/use-session";
import { Button } from "@/ui/button";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { FileTree } from "./file-tree";
import { FilePreview } from "./preview";

const FilesQuery = graphql(`
  query Files($id: ID!) {
    session(id: $id) {
      id
      files {
        path
        size
        type
        url
        modifiedAt
      }
    }
  }
`);

export function FilesPane({ sessionId }: { sessionId: string }) {
  const { file } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const roomy = useMedia("(min-width: 1100px)");
  const [{ data, error, fetching }, again] = useQuery({
    query: FilesQuery,
    variables: { id: sessionId },
    requestPolicy: "cache-and-network",
  });
  // Files come in bursts; asking once after each burst is enough.
  const filesSeq = useView((view) => (view.caughtUp ? view.filesSeq : 0));
  useEffect(() => {
    if (filesSeq === 0) return;
    const timer = setTimeout(() => again({ requestPolicy: "network-only" }), 400);
    return () => clearTimeout(timer);
  }, [filesSeq, again]);

  if (!data) {
    if (!error) return <Skeleton />;
    return <Failure title="The files could not be listed" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  // A name with a leading dot is the server's own bookkeeping.
  const files = (data.session?.files ?? []).filter(({ path }) => !/(^|\/)\./.test(path));
  if (files.length === 0) {
    return (
      <Empty icon={<FolderTree size={28} aria-hidden />} title="No files yet">
        Reports, figures, tables, models and scripts appear here as the stages leave them.
      </Empty>
    );
  }
  const choose = (path: string | undefined) =>
    void navigate({
      search: ({ file: _old, ...rest }) => (path ? { ...rest, tab: "files", file: path } : rest),
      replace: roomy,
    });
  const chosen = files.find(({ path }) => path === file);
  const tree = <FileTree files={files} chosen={file} onChoose={choose} />;
  const preview = chosen ? (
    <FilePreview
      key={`${chosen.path} ${chosen.modifiedAt}`}
      sessionId={sessionId}
      path={chosen.path}
      url={chosen.url}
      base={baseOf(chosen.url, chosen.path)}
      version={chosen.modifiedAt}
      onOpenFile={choose}
    />
  ) : file === undefined ? (
    <Empty title="Choose a file">Its content is shown here.</Empty>
  ) : fetching ? (
    <Skeleton />
  ) : (
    <Empty title="There is no such file">It may have been moved by a new run of its stage.</Empty>
  );

  if (!roomy) {
    if (file === undefined) return <div className="min-h-0 flex-1 overflow-y-auto">{tree}</div>;
    return (
      <>
        <div className="border-b border-line p-1">
          <Button look="quiet" icon={<ChevronLeft size={14} />} onClick={() => choose(undefined)}>
            All files
          </Button>
        </div>
        {preview}
      </>
    );
  }
  return (
    <div className="flex min-h-0 flex-1">
      <div className="w-64 shrink-0 overflow-y-auto border-r border-line">{tree}</div>
      <div className="flex min-w-0 flex-1 flex-col">{preview}</div>
    </div>
  );
}
