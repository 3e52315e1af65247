/** Deletes an upload that nobody wants any more. Should that not be heard, the server does so by itself after a day. */
import type { Client } from "urql";
import { graphql } from "./gql";

const DeleteUpload = graphql(`
  mutation DeleteUpload($input: DeleteUploadInput!) {
    deleteUpload(input: $input) {
      deletedId
    }
  }
`);

export function dropUpload(client: Client, uploadId: string) {
  return client.mutation(DeleteUpload, { input: { uploadId } }).toPromise();
}
