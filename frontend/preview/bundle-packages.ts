// Makes of each package of the preview one script that calls `__aether__(name, factory)`: CommonJS, so that the frame's policy
// needs no import map, and React is one for all. Of the icons only their shapes are kept, as data: an app pays for those it uses.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { PACKAGES, type PackageName } from "../src/features/preview/model/packages.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LUCIDE = `${ROOT}node_modules/lucide-react/dist/esm`;
const ENTRY = "\0aether-preview-entry";

/** The source of the script for this package. That of the icons only holds how an icon is made. */
export async function bundlePackage(name: PackageName): Promise<string> {
  const build = await rolldown({
    input: ENTRY,
    cwd: ROOT,
    platform: "browser",
    external: [...PACKAGES[name]],
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    plugins: [
      {
        name: "aether:preview-entry",
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? entryOf(name) : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: "cjs", exports: "named", minify: true, codeSplitting: false });
  await build.close();
  // The icons' script is finished in the browser, with the icons that are wanted.
  if (name === "lucide-react") return output[0].code;
  return `__aether__(${JSON.stringify(name)},function(require,module,exports){${output[0].code}\n})`;
}

function entryOf(name: PackageName): string {
  if (name === "lucide-react") {
    return `
      export { default as Icon } from "${LUCIDE}/Icon.mjs";
      export { default as createLucideIcon } from "${LUCIDE}/createLucideIcon.mjs";
      export { LucideProvider, useLucideContext } from "${LUCIDE}/context.mjs";`;
  }
  // React's packages are CommonJS, and stay what they are.
  if (name.startsWith("react")) return `module.exports = require(${JSON.stringify(name)})`;
  const isDefault = name === "clsx" ? `export { default } from "clsx";` : "";
  return `export * from ${JSON.stringify(name)}; ${isDefault}`;
}

interface Shape {
  node: [tag: string, attributes: Record<string, string>][];
}

/** Keys matter to a list that changes; a shape never does. */
function withoutKeys(shape: Shape): Shape {
  return { ...shape, node: shape.node.map(([tag, { key: _, ...attributes }]) => [tag, attributes]) };
}

/** Every icon's shape, and the names under which each is exported. */
export interface Icons {
  shapes: Record<string, unknown>;
  names: Record<string, string>;
}

export async function bundleIcons(): Promise<Icons> {
  const shapes: Icons["shapes"] = {};
  const files = readdirSync(`${LUCIDE}/icons`).filter((file) => file.endsWith(".mjs") && file !== "index.mjs");
  const loaded = await Promise.all(
    files.map((file) => import(/* @vite-ignore */ pathToFileURL(`${LUCIDE}/icons/${file}`).href)),
  );
  files.forEach((file, at) => {
    const data = (loaded[at] as { __iconData?: Shape }).__iconData;
    if (data) shapes[file.slice(0, -".mjs".length)] = withoutKeys(data);
  });
  const names: Icons["names"] = {};
  const index = readFileSync(`${LUCIDE}/lucide-react.mjs`, "utf8");
  for (const [, list = "", file = ""] of index.matchAll(/export \{ ([^}]+) \} from '\.\/icons\/([\w-]+)\.mjs'/g)) {
    if (!Object.hasOwn(shapes, file)) continue;
    for (const [, name = ""] of list.matchAll(/default as (\w+)/g)) names[name] = file;
  }
  return { shapes, names };
}
