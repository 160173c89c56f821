// The fence between features: none imports another, and what is below never imports what is above. Only app composes.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";

const root = join(process.cwd(), "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join(root, name));

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  return found.map((path) =>
    path.startsWith(".") ? relative(root, join(file, "..", path)) : path.replace(/^@\//, ""),
  );
}

function layerOf(path: string): string {
  const [top, feature] = path.split("/");
  return top === "features" ? `features/${feature}` : (top ?? "");
}

const below: Record<string, readonly string[]> = {
  api: [],
  config: [],
  lib: ["api", "config"],
  components: ["api", "config", "lib"],
  testing: ["api", "config", "lib", "components"],
};

it("keeps features apart and layers in order", () => {
  const broken: string[] = [];
  for (const file of files) {
    const from = layerOf(relative(root, file));
    for (const path of importsOf(file)) {
      const to = layerOf(path);
      const known = to.startsWith("features/") || to === "app" || to in below;
      if (!known || to === from || from === "app" || from.startsWith("main")) continue;
      if (to === "testing" && !/\.test\.tsx?$/.test(file)) broken.push(`${relative(root, file)} imports ${path}`);
      if (to === "testing") continue;
      const allowed = from.startsWith("features/") ? Object.keys(below) : (below[from] ?? []);
      if (!allowed.includes(to)) broken.push(`${relative(root, file)} imports ${path}`);
    }
  }
  expect(files.length).toBeGreaterThan(40);
  expect(broken).toEqual([]);
});

it("puts nothing into the page as HTML and evaluates no text", () => {
  const unsafe = files.filter(
    (file) =>
      !file.endsWith(".test.ts") &&
      /dangerouslySetInnerHTML|\.innerHTML|\.outerHTML|insertAdjacentHTML|\beval\(|new Function\(/.test(
        readFileSync(file, "utf8"),
      ),
  );
  expect(unsafe).toEqual([]);
});
