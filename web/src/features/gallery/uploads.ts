/** The files of an experiment in the making: each is sent as soon as it is there and knows how far it is. */
import { useReducer, useRef } from "react";
import { useClient } from "urql";
import { importObject } from "@/api/import-object";
import { sendUpload } from "@/api/send-upload";
import { newKey } from "@/lib/new-key";

export type Progress =
  /** With a warning nothing moves at the moment; it is tried again. */
  | { state: "sending"; share: number; warning?: string }
  | { state: "stored"; uploadId: string }
  | { state: "failed"; message: string };

/** Where the bytes are: in this browser, or in a bucket that the server reads. */
export type Source = { file: File } | { uri: string };

export interface Upload {
  key: string;
  name: string;
  size: number;
  source: Source;
  progress: Progress;
}

/** An object of a bucket. */
export interface Remote {
  uri: string;
  name: string;
  size: number;
}

type Action = { add: Upload } | { remove: string } | { clear: true } | { key: string; progress: Progress };

function reduce(uploads: Upload[], action: Action): Upload[] {
  if ("add" in action) return [...uploads, action.add];
  if ("remove" in action) return uploads.filter(({ key }) => key !== action.remove);
  if ("clear" in action) return [];
  return uploads.map((upload) => (upload.key === action.key ? { ...upload, progress: action.progress } : upload));
}

export interface Uploads {
  list: Upload[];
  add: (files: Iterable<File>) => void;
  fetch: (objects: Iterable<Remote>) => void;
  retry: (upload: Upload) => void;
  remove: (key: string) => void;
  clear: () => void;
}

export function useUploads(): Uploads {
  const client = useClient();
  const [list, dispatch] = useReducer(reduce, []);
  const aborts = useRef(new Map<string, () => void>());

  const send = async (key: string, source: Source) => {
    const report = (progress: Progress) => dispatch({ key, progress });
    const onProgress = (share: number, warning?: string) =>
      report({ state: "sending", share, ...(warning ? { warning } : {}) });
    const onAbortable = (abort: () => void) => aborts.current.set(key, abort);
    onProgress(0);
    const sent =
      "file" in source
        ? await sendUpload(client, source.file, onProgress, onAbortable)
        : await importObject(client, source.uri, onProgress, onAbortable);
    aborts.current.delete(key);
    report("uploadId" in sent ? { state: "stored", ...sent } : { state: "failed", ...sent });
  };

  const stop = (key: string) => aborts.current.get(key)?.();

  const begin = (name: string, size: number, source: Source) => {
    const key = newKey();
    dispatch({ add: { key, name, size, source, progress: { state: "sending", share: 0 } } });
    void send(key, source);
  };

  return {
    list,
    add: (files) => {
      for (const file of files) begin(file.name, file.size, { file });
    },
    fetch: (objects) => {
      for (const { uri, name, size } of objects) begin(name, size, { uri });
    },
    retry: ({ key, source }) => void send(key, source),
    remove: (key) => {
      stop(key);
      dispatch({ remove: key });
    },
    clear: () => {
      for (const { key } of list) stop(key);
      dispatch({ clear: true });
    },
  };
}
