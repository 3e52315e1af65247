/** An object store whose one bucket of others' has a folder, a long folder, and a table to import. */
const table = "size,weight,kind\n1,2,big\n3,4,small\n";
const names = [
  "tables/customers.csv",
  "tables/readme.txt",
  "notes.txt",
  ...Array.from({ length: 130 }, (_, n) => `many/part-${String(n).padStart(4, "0")}.csv`),
];

const object = (name, prefix) => ({
  kind: "OBJECT",
  name: name.slice(prefix.length),
  key: name,
  uri: `s3://their-data/${name}`,
  size: table.length,
  modifiedAt: null,
});

function entries({ prefix, search }) {
  const below = names.filter((name) => name.startsWith(prefix)).sort();
  if (search) return below.filter((name) => name.includes(search)).map((name) => object(name, prefix));
  const found = new Map();
  for (const name of below) {
    const slash = name.indexOf("/", prefix.length);
    const key = slash < 0 ? name : name.slice(0, slash + 1);
    const folder = { kind: "FOLDER", name: key.slice(prefix.length), key, uri: `s3://their-data/${key}` };
    found.set(key, slash < 0 ? object(name, prefix) : { ...folder, size: null, modifiedAt: null });
  }
  return [...found.values()];
}

/** What the API answers of a bucket; `uploads` is where an import arrives. */
export function buckets(staged, uploads, next) {
  return {
    objectStore: () =>
      staged.bucket
        ? {
            endpoint: null,
            bucket: "our-bucket",
            prefix: "trainable",
            problem: null,
            waitingSessions: 0,
            buckets: [
              { name: "our-bucket", createdAt: null },
              { name: "their-data", createdAt: null },
            ],
            objects: ({ bucket, prefix, search, first, after }) => {
              const all = bucket === "their-data" ? entries({ prefix, search }) : [];
              const from = after ? Number(after) : 0;
              const nodes = all.slice(from, from + first);
              const endCursor = String(from + nodes.length);
              const hasNextPage = from + nodes.length < all.length;
              const pageInfo = { hasNextPage, hasPreviousPage: from > 0, startCursor: null, endCursor };
              return { nodes, edges: [], pageInfo };
            },
          }
        : null,
    importObject: ({ input }) => {
      if (input.uri.endsWith(".txt")) {
        const message = `there is no object \`${input.uri}\`; choose one from the list`;
        return { upload: null, userErrors: [{ message, path: ["uri"], code: "INVALID_INPUT", detail: null }] };
      }
      const id = next("u");
      uploads.set(id, { name: input.uri.split("/").at(-1), size: table.length, sha256: "0", text: table, asked: 0 });
      return { upload: { id, state: "OPEN" }, userErrors: [] };
    },
    upload: ({ id }) => {
      const upload = uploads.get(id);
      if (!upload) return null;
      upload.asked += 1;
      const total = table.length;
      return upload.asked > 2
        ? { id, state: "STORED", import: null }
        : { id, state: "OPEN", import: { received: Math.floor((total * upload.asked) / 3), total, error: null } };
    },
  };
}
