/**
 * Markdown that a model wrote. Raw HTML is never rendered, an image only from the session's own files, and a link
 * leaves the page only in a new tab that cannot reach back.
 */
import { memo, useMemo } from "react";
import ReactMarkdown, { type Components, defaultUrlTransform } from "react-markdown";
import rehypeSanitize from "rehype-sanitize";

import { fileAddress, resolveInSession } from "@/api/files";
import { Code } from "@/ui/code";
import { remarkGfm } from "./gfm";

const remarkPlugins = [remarkGfm];
const rehypePlugins = [rehypeSanitize];

interface Props {
  text: string;
  /** Where the session's files are; null while that is unknown, and then no image is shown. */
  base: string | null;
  /** The document's own path, from which relative addresses are meant. */
  path: string;
  onOpenFile?: (path: string) => void;
  className?: string;
}

/** The same functions for the same document: new ones would make React build every image and table anew. */
function componentsFor(base: string | null, path: string, onOpenFile: Props["onOpenFile"]): Components {
  return {
    img: ({ src, alt }) => {
      const inside = typeof src === "string" ? resolveInSession(path, src) : null;
      if (inside === null || base === null) return null;
      return <img src={fileAddress(base, inside)} alt={alt ?? ""} loading="lazy" decoding="async" />;
    },
    a: ({ href, children }) => {
      const inside = typeof href === "string" ? resolveInSession(path, href) : null;
      if (inside !== null && base !== null) {
        return (
          <a
            href={fileAddress(base, inside)}
            onClick={(event) => {
              if (!onOpenFile || event.metaKey || event.ctrlKey) return;
              event.preventDefault();
              onOpenFile(inside);
            }}
          >
            {children}
          </a>
        );
      }
      if (!href || !/^(https?:|mailto:)/i.test(href)) return <span>{children}</span>;
      return (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow">
          {children}
        </a>
      );
    },
    table: ({ children }) => (
      <div className="table-scroll" tabIndex={0} role="group" aria-label="Table">
        <table>{children}</table>
      </div>
    ),
    pre: ({ children }) => <>{children}</>,
    code: ({ className: language, children }) => {
      const source = String(children);
      const fenced = /language-(\w+)/.exec(language ?? "")?.[1];
      if (!fenced && !source.includes("\n")) return <code>{source}</code>;
      return <Code text={source.replace(/\n$/, "")} language={fenced ?? "text"} framed />;
    },
  };
}

export const Markdown = memo(function Markdown({ text, base, path, onOpenFile, className }: Props) {
  const components = useMemo(() => componentsFor(base, path, onOpenFile), [base, path, onOpenFile]);
  return (
    <div className={className}>
      <ReactMarkdown
        skipHtml
        remarkPlugins={remarkPlugins}
        rehypePlugins={rehypePlugins}
        urlTransform={defaultUrlTransform}
        components={components}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});
