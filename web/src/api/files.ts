/** Addresses of a session's files, and which paths may become one. */

/** Where the server serves the file `path` of the session whose files are below `base`. */
export function fileAddress(base: string, path: string): string {
  return `${base}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * Where a session's files are, learned from the address of one of them; null for one that is not below `/files/`.
 * How the server names a session there is its own business.
 */
export function baseOf(url: string, path: string): string | null {
  const base = url.split("/").slice(0, -path.split("/").length).join("/");
  return base.startsWith("/files/") ? base : null;
}

/**
 * The path inside the session that `target`, written in the document at `from`, means; null when it means anything else.
 *
 * Documents are written by a model, so what is not plainly a relative path (a scheme, a host, a root, a way out of the
 * session's folder) is refused rather than repaired. A sandbox's own name for the session's folder is understood.
 */
export function resolveInSession(from: string, target: string): string | null {
  let path = target.trim();
  try {
    path = decodeURIComponent(path);
  } catch {
    return null;
  }
  // A sandbox sees its own session's folder alone, so whichever name it has there, this session is meant.
  const mounted = /^\/data\/sessions\/[^/]+\//.exec(path);
  if (mounted) path = path.slice(mounted[0].length);
  path = path.replace(/[?#].*$/s, "");
  const odd = [...path].some((char) => char < " " || char === "\\" || char === "\x7f");
  if (path === "" || odd || path.startsWith("/") || /^[a-z][a-z0-9+.-]*:/i.test(path)) return null;
  const parts = mounted ? [] : from.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length > 0 ? parts.join("/") : null;
}
