/** The files of an experiment in the making: each is sent as soon as it is there and knows how far it is. */
import { useReducer, useRef } from "react";
import { useClient } from "urql";
import { sendUpload } from "@/api/send-upload";
import { newKey } from "@/lib/new-key";

export type Progress =
  | { state: "sending"; share: number }
  | { state: "stored"; uploadId: string }
  | { state: "failed"; message: string };

export interface Upload {
  key: string;
  file: File;
  progress: Progress;
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
  retry: (upload: Upload) => void;
  remove: (key: string) => void;
  clear: () => void;
}

export function useUploads(): Uploads {
  const client = useClient();
  const [list, dispatch] = useReducer(reduce, []);
  const aborts = useRef(new Map<string, () => void>());

  const send = async (key: string, file: File) => {
    const report = (progress: Progress) => dispatch({ key, progress });
    report({ state: "sending", share: 0 });
    const sent = await sendUpload(
      client,
      file,
      (share) => report({ state: "sending", share }),
      (abort) => aborts.current.set(key, abort),
    );
    aborts.current.delete(key);
    report("uploadId" in sent ? { state: "stored", ...sent } : { state: "failed", ...sent });
  };

  const stop = (key: string) => aborts.current.get(key)?.();

  return {
    list,
    add: (files) => {
      for (const file of files) {
        const key = newKey();
        dispatch({ add: { key, file, progress: { state: "sending", share: 0 } } });
        void send(key, file);
      }
    },
    retry: ({ key, file }) => void send(key, file),
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
