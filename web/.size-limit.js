/**
 * The budgets of the client's JavaScript, gzipped. A part is what its entry brings beyond the shell, found in the
 * build's own manifest.
 */
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));

function chunkOf(source) {
  const key = Object.keys(manifest).find((name) => name.endsWith(source));
  if (!key) throw new Error(`no chunk for ${source}; run \`npm run build\` first`);
  return key;
}

/** Every file that loading `key` loads with it. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const files = (keys) => [...keys].map((key) => `dist/${manifest[key].file}`);
const shell = closure("index.html");
const beyond = (base, ...sources) => {
  const all = new Set(sources.flatMap((source) => [...closure(chunkOf(source))]));
  return files([...all].filter((key) => !base.has(key)));
};
const studio = new Set([...shell, ...closure(chunkOf("features/studio/studio.tsx"))]);
const gallery = new Set([...shell, ...closure(chunkOf("features/gallery/gallery.tsx"))]);
const onDemand = [
  "features/terms/terms-dialog.tsx",
  "features/terms/budgets-dialog.tsx",
  "features/terms/resume-dialog.tsx",
  "features/chat/approval.tsx",
  "features/chat/ways-on.tsx",
];
const panes = ["features/files/files-pane.tsx", "features/code/code-pane.tsx", "features/data/data-pane.tsx"];

const part = (name, path, limit) => ({ name, path, limit, gzip: true });

export default [
  part("shell", files(shell), "180 KB"),
  part("gallery", beyond(shell, "features/gallery/gallery.tsx", "features/gallery/experiment.tsx"), "20 KB"),
  part("studio", beyond(shell, "features/studio/studio.tsx"), "90 KB"),
  part("files, code and data panes", beyond(studio, ...panes), "25 KB"),
  part("colours of code", beyond(studio, "ui/highlight.ts"), "40 KB"),
  part("settings", beyond(shell, "features/settings/settings.tsx"), "10 KB"),
  part("ways to run, in the gallery", beyond(shell, "features/terms/terms-form.tsx"), "12 KB"),
  part("ways to run and to go on", beyond(studio, ...onDemand), "12 KB"),
  part("buckets, from the gallery", beyond(gallery, "features/buckets/browse-buckets.tsx"), "10 KB"),
  part("metrics", beyond(studio, "features/metrics/metrics-pane.tsx"), "35 KB"),
];
