/** Addresses of a session's files, and which paths may become one. */

/** Where the server serves a file of a session; `path` is relative to the session's folder. */
export function fileAddress(sessionKey: string, path: string): string {
  return `/files/sessions/${encodeURIComponent(sessionKey)}/${path.split("/").map(encodeURIComponent).join("/")}`;
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
