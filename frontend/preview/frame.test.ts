// @vitest-environment node
// The sandbox is said in three places that no compiler joins: here, in `aether` and in nginx.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bootHash, framePage } from "./frame";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
/** Rust's strings go on over lines that end with a backslash. */
const rust = read("../../services/aether/src/preview_frame.rs").replace(/\\\n\s*/g, "");
const nginx = read("../../gateway/nginx.conf");

it("is served with the same headers by aether, by nginx and here", () => {
  const { headers } = framePage();
  expect(Object.keys(headers)).toHaveLength(7);
  for (const [name, value] of Object.entries(headers)) {
    expect(nginx).toContain(`add_header ${name} "${value}" always;`);
    expect(rust).toContain(name);
    expect(rust).toContain(`"${value}"`);
  }
});

it("admits its own script by hash, blobs, and nothing by nonce or by address", () => {
  const policy = framePage().headers["Content-Security-Policy"] ?? "";
  expect(policy).toContain(`script-src '${bootHash()}' blob:;`);
  expect(policy).not.toMatch(/nonce|unsafe-eval|https?:|allow-same-origin|\*/);
  expect(policy.startsWith("sandbox allow-scripts allow-forms; default-src 'none';")).toBe(true);
});

it("holds one script, the whole of it, and asks for nothing else", () => {
  const { html } = framePage();
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).toContain(`<script>${read("boot.js")}</script>`);
  expect(html).not.toMatch(/\b(?:src|href)=/);
});
