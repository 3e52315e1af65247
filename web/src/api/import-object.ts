/** An object of a bucket becomes an upload: the server fetches it, and is asked how far it is. */
import type { Client } from "urql";
import { newKey } from "@/lib/new-key";
import { dropUpload } from "./drop-upload";
import { problemsOf } from "./errors";
import { graphql } from "./gql";
import type { Sent } from "./send-upload";
import type { OnProgress } from "./upload";

const ImportObject = graphql(`
  mutation ImportObject($input: ImportObjectInput!) {
    importObject(input: $input) {
      upload {
        id
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

const ImportProgress = graphql(`
  query ImportProgress($id: ID!) {
    upload(id: $id) {
      id
      state
      import {
        received
        total
        warning
        error
      }
    }
  }
`);

const AGAIN_MS = 400;
/** After so many questions in a row without an answer the import is given up. */
const FAILURES = 300;

export async function importObject(
  client: Client,
  uri: string,
  onProgress: OnProgress,
  onAbortable: (abort: () => void) => void,
): Promise<Sent> {
  let wanted = true;
  let id: string | undefined;
  let share = 0;
  const drop = () => id && dropUpload(client, id);
  onAbortable(() => {
    wanted = false;
    void drop();
  });
  const answer = await client.mutation(ImportObject, { input: { uri, idempotencyKey: newKey() } }).toPromise();
  id = answer.data?.importObject.upload?.id;
  if (!id) {
    const [problem] = problemsOf(answer, answer.data?.importObject.userErrors);
    return { message: problem?.message ?? "the server imported nothing" };
  }
  if (!wanted) void drop();
  for (let failures = 0; wanted; ) {
    const { data } = await client.query(ImportProgress, { id }, { requestPolicy: "network-only" }).toPromise();
    // Without an answer it is asked again: the server fetches on whether it is asked or not.
    if (data) {
      const { upload } = data;
      if (upload?.state === "STORED") return { uploadId: id };
      if (!upload?.import) return { message: "the server does not have this import any more; import it again" };
      const { received, total, warning, error } = upload.import;
      if (error) return { message: error };
      share = received / Math.max(1, total);
      onProgress(share, warning ?? undefined);
      failures = 0;
    } else if (++failures === FAILURES) {
      return { message: "the server does not answer; import it again" };
    } else if (failures > 1) {
      onProgress(share, "the connection was lost; trying again");
    }
    await new Promise((later) => setTimeout(later, AGAIN_MS));
  }
  return { message: "it is not wanted any more" };
}
