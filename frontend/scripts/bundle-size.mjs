// Prints what the first screen loads, gzipped, and fails above the budget. Reads the manifest that the build wrote.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const JS_BUDGET_KIB = 200;
const CSS_BUDGET_KIB = 12;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** The entry, the home screen, and all they import at once. */
const wanted = ["index.html", "src/app/routes/home.tsx"];
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
// The socket's client is fetched as soon as somebody is signed in.
const socket = Object.keys(manifest).find((key) => key.includes("socket.io-client"));
if (socket) walk(socket);

const kib = (set) =>
  [...set].reduce((all, file) => all + gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length, 0) / 1024;
const js = kib(files.js);
const css = kib(files.css);
console.log(
  `first screen: ${js.toFixed(1)} KiB JS in ${files.js.size} files (budget ${JS_BUDGET_KIB}), ${css.toFixed(1)} KiB CSS (budget ${CSS_BUDGET_KIB}), gzip`,
);
if (js > JS_BUDGET_KIB || css > CSS_BUDGET_KIB) {
  console.error("Above the budget: load something later, or take it out.");
  process.exit(1);
}
