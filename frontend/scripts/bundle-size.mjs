// Prints what the first screen and the editor load, gzipped, and fails above the budget. Reads the manifest that the build wrote.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const JS_BUDGET_KIB = 200;
const CSS_BUDGET_KIB = 12;
const EDITOR_BUDGET_KIB = 150;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** What these chunks load, with all that they import at once. */
function filesOf(wanted) {
  const seen = new Set();
  const files = { js: new Set(), css: new Set() };
  const walk = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    const chunk = manifest[key];
    if (!chunk) throw new Error(`${key} is not in the manifest`);
    files.js.add(chunk.file);
    for (const css of chunk.css ?? []) files.css.add(css);
    for (const next of chunk.imports ?? []) walk(next);
  };
  for (const key of wanted) walk(key);
  return files;
}
const chunkOf = (words) => Object.keys(manifest).find((key) => key.includes(words)) ?? words;
const kib = (files) =>
  [...files].reduce((all, file) => all + gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length, 0) / 1024;

// The entry and the home screen; the socket's client is fetched as soon as somebody is signed in.
const first = filesOf(["index.html", "src/app/routes/home.tsx", chunkOf("socket.io-client")]);
// The editor with the grammar that nearly every file of an app is read with.
const editor = filesOf(["src/features/generation/components/code-editor.tsx", chunkOf("@codemirror/lang-javascript")]);
const editorOnly = [...editor.js].filter((file) => !first.js.has(file));

const sizes = [
  { name: "first screen, JS", size: kib(first.js), budget: JS_BUDGET_KIB },
  { name: "first screen, CSS", size: kib(first.css), budget: CSS_BUDGET_KIB },
  { name: "editor, JS", size: kib(editorOnly), budget: EDITOR_BUDGET_KIB },
];
for (const { name, size, budget } of sizes) console.log(`${name}: ${size.toFixed(1)} KiB (budget ${budget}), gzip`);
if (sizes.some(({ size, budget }) => size > budget)) {
  console.error("Above the budget: load something later, or take it out.");
  process.exit(1);
}
