/** One file to the server: an address is asked for, then the bytes go there. */
import type { Client } from "urql";
import { newKey } from "@/lib/new-key";
import { dropUpload } from "./drop-upload";
import { problemsOf } from "./errors";
import { graphql } from "./gql";
import { type OnProgress, sendFile } from "./upload";

const CreateUpload = graphql(`
  mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) {
      upload {
        id
        url
      }
      userErrors {
        message
        path
        code
        detail
      }
    }
  }
`);

export type Sent = { uploadId: string } | { message: string };

/** `onAbortable` gets what stops it, and deletes what the server has of it. */
export async function sendUpload(
  client: Client,
  file: File,
  onProgress: OnProgress = () => {},
  onAbortable: (abort: () => void) => void = () => {},
): Promise<Sent> {
  let stop = () => {};
  let wanted = true;
  onAbortable(() => {
    wanted = false;
    stop();
  });
  const input = { fileName: file.name, size: file.size, idempotencyKey: newKey() };
  const answer = await client.mutation(CreateUpload, { input }).toPromise();
  const upload = answer.data?.createUpload.upload;
  if (!upload) {
    const [problem] = problemsOf(answer, answer.data?.createUpload.userErrors);
    return { message: problem?.message ?? "the server took no file" };
  }
  const sending = sendFile(file, upload.url, onProgress);
  stop = () => {
    sending.abort();
    void dropUpload(client, upload.id);
  };
  if (!wanted) stop();
  const result = await sending.result;
  return result.ok ? { uploadId: upload.id } : { message: result.message };
}
