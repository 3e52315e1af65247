/** Sends one file to the address that the server handed out for it, over connections that break: by tus 1.0.0. */

export type UploadResult = { ok: true } | { ok: false; message: string };

/** Hears the share that was sent, from 0 to 1, and why nothing is sent at the moment. */
export type OnProgress = (share: number, warning?: string) => void;

interface Sending {
  result: Promise<UploadResult>;
  abort: () => void;
}

/** The waits between two tries. */
const FIRST_MS = 500;
const LAST_MS = 10_000;
/** A connection on which nothing moves for so long is dead. */
const SILENCE_MS = 45_000;
/** After the last byte the server puts the parts together. */
const END_MS = 300_000;
const LOST = "the connection was lost; trying again";
const CHANGED = "the file was changed or moved meanwhile; choose it again";

export function sendFile(file: Blob, url: string, onProgress: OnProgress): Sending {
  const stop = new AbortController();
  return { result: send(file, url, onProgress, stop.signal), abort: () => stop.abort() };
}

async function send(file: Blob, url: string, onProgress: OnProgress, stop: AbortSignal): Promise<UploadResult> {
  const share = (sent: number) => (file.size > 0 ? Math.min(1, sent / file.size) : 1);
  // Nobody knows how much the server has after a connection broke, until it says so.
  let offset: number | null = 0;
  let best = 0;
  let shown = 0;
  const show = (sent: number, warning?: string) => {
    shown = share(sent);
    onProgress(shown, warning);
  };
  for (let failures = 0; !stop.aborted; ) {
    const from: number | null = offset;
    const answer: XMLHttpRequest | null =
      from === null
        ? await ask("HEAD", url, stop)
        : await ask("PATCH", url, stop, { file, offset: from, onSent: (sent) => show(from + sent) });
    if (stop.aborted) break;
    offset = answer && offsetIn(answer);
    const done = answer !== null && answer.status >= 200 && answer.status < 300;
    if (done && offset === file.size) return { ok: true };
    if (answer && !done && !passes(answer.status)) return { ok: false, message: refusal(answer) };
    if (offset !== null) show(offset);
    if (offset !== null && offset > best) {
      best = offset;
      failures = 0;
    }
    // It is known from where, and the server is there.
    if (done && offset !== null && (from === null || offset > from)) continue;
    if (!answer && !(await isReadable(file))) return { ok: false, message: CHANGED };
    onProgress(shown, answer && answer.status >= 500 ? refusal(answer) : LOST);
    await pause(Math.min(LAST_MS, FIRST_MS * 2 ** failures) * (0.5 + Math.random() / 2), stop);
    failures += 1;
  }
  return { ok: false, message: "stopped" };
}

/** Whether an answer may be another one later: of a server in trouble, or of one where another request sends this. */
function passes(status: number): boolean {
  return status >= 500 || [408, 409, 423, 429].includes(status);
}

/** A browser that cannot read a file any more says no more than that the request failed. */
async function isReadable(file: Blob): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function offsetIn(answer: XMLHttpRequest): number | null {
  const value = answer.getResponseHeader("upload-offset");
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
}

interface Rest {
  file: Blob;
  offset: number;
  onSent: (bytes: number) => void;
}

/** One request; null without an answer. XMLHttpRequest because fetch tells nothing of a body on its way. */
function ask(method: string, url: string, stop: AbortSignal, rest?: Rest): Promise<XMLHttpRequest | null> {
  const request = new XMLHttpRequest();
  const abort = () => request.abort();
  let silence: ReturnType<typeof setTimeout>;
  const heard = (limit: number) => {
    clearTimeout(silence);
    silence = setTimeout(abort, limit);
  };
  return new Promise<XMLHttpRequest | null>((resolve) => {
    request.upload.onprogress = ({ loaded, total }) => {
      heard(loaded < total ? SILENCE_MS : END_MS);
      rest?.onSent(loaded);
    };
    request.onload = () => resolve(request);
    request.onerror = request.onabort = () => resolve(null);
    stop.addEventListener("abort", abort);
    request.open(method, url);
    request.setRequestHeader("tus-resumable", "1.0.0");
    heard(SILENCE_MS);
    if (!rest) return request.send();
    request.setRequestHeader("upload-offset", String(rest.offset));
    request.setRequestHeader("content-type", "application/offset+octet-stream");
    // A type of the file's own would be added to that.
    request.send(rest.file.slice(rest.offset, undefined, "application/offset+octet-stream"));
  }).finally(() => {
    clearTimeout(silence);
    stop.removeEventListener("abort", abort);
  });
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function refusal(request: XMLHttpRequest): string {
  // The answer to a HEAD has no words.
  if (request.status === 404) return "the server does not have this upload any more; send the file again";
  try {
    const body: unknown = JSON.parse(request.responseText);
    if (body && typeof body === "object") {
      const said = "message" in body ? body.message : "error" in body ? body.error : undefined;
      if (typeof said === "string") return said;
      if (said && typeof said === "object" && "message" in said && typeof said.message === "string")
        return said.message;
    }
  } catch {
    const text = request.responseText.trim();
    if (text && text.length < 300 && !text.startsWith("<")) return text;
  }
  return `the server answered ${request.status}`;
}
