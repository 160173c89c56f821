// What the preview needs beside the app's own chunks: the document of the frame at /preview/frame, and the packages as files that
// are fetched when an app first imports them. The module `virtual:preview-packages` says where they are.
import { createHash } from "node:crypto";
import type { Plugin } from "vite";
import { PACKAGES, type PackageName } from "../src/features/preview/model/packages.ts";
import { bundleIcons, bundlePackage } from "./bundle-packages.ts";
import { framePage } from "./frame.ts";

const VIRTUAL = "virtual:preview-packages";
const ICONS = "icons";

export function preview(): Plugin {
  const made = new Map<string, Promise<string>>();
  const make = (name: string): Promise<string> => {
    const known = made.get(name);
    if (known) return known;
    const text = name === ICONS ? bundleIcons().then(JSON.stringify) : bundlePackage(name as PackageName);
    made.set(name, text);
    return text;
  };
  const all = [...Object.keys(PACKAGES), ICONS];
  let serving = false;
  return {
    name: "aether:preview",
    configResolved: (config) => {
      serving = config.command === "serve";
    },
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : undefined),
    async load(id) {
      if (id !== `\0${VIRTUAL}`) return undefined;
      const urls: Record<string, string> = {};
      for (const name of all) {
        const file = fileName(name);
        if (serving) urls[name] = `/@preview/${file}`;
        else {
          const source = await make(name);
          const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
          const path = `assets/preview-${file.replace(".", `-${hash}.`)}`;
          this.emitFile({ type: "asset", fileName: path, source });
          urls[name] = `/${path}`;
        }
      }
      return `export default ${JSON.stringify(urls)}`;
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "preview/frame.html", source: framePage().html });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = (request.url ?? "").split("?")[0] ?? "";
        const name = all.find((one) => path === `/@preview/${fileName(one)}`);
        if (path === "/preview/frame") {
          const { html, headers } = framePage();
          response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers });
          response.end(html);
        } else if (name) {
          make(name).then((text) => response.end(text), next);
        } else next();
      });
    },
  };
}

function fileName(name: string): string {
  return name === ICONS ? "icons.json" : `${name.replaceAll("/", "-")}.js`;
}
