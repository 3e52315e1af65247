/** Sends one file to the address that the server handed out for it. */

export type UploadResult = { ok: true } | { ok: false; message: string };

interface Sending {
  result: Promise<UploadResult>;
  abort: () => void;
}

/** `onProgress` hears the share sent, from 0 to 1. XMLHttpRequest because fetch tells nothing of a body on its way. */
export function sendFile(file: File, url: string, onProgress: (share: number) => void): Sending {
  const request = new XMLHttpRequest();
  const result = new Promise<UploadResult>((resolve) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve({ ok: true });
      else resolve({ ok: false, message: refusal(request) });
    };
    request.onerror = () => resolve({ ok: false, message: "the connection broke while the file was being sent" });
    request.onabort = () => resolve({ ok: false, message: "stopped" });
  });
  request.open("PUT", url);
  request.setRequestHeader("x-trainable-upload", "1");
  request.setRequestHeader("content-type", "application/octet-stream");
  request.send(file);
  return { result, abort: () => request.abort() };
}

function refusal(request: XMLHttpRequest): string {
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
