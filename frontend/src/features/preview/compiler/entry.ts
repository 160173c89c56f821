// Where an artifact begins: a module, a page of HTML, or a page that names a module. Pure.
import { type Files, resolveFile } from "./resolve";

export interface Entry {
  readonly module: string | null;
  readonly html: string | null;
  readonly scripts: readonly (readonly [src: string, text: string])[];
  readonly styles: readonly string[];
  readonly answered: readonly string[];
  readonly tailwind: boolean;
}

const MODULES = ["main", "index", "App", "app"].flatMap((name) =>
  ["tsx", "jsx", "ts", "js"].map((ending) => `${name}.${ending}`),
);

export function findEntry(files: Files): Entry | null {
  const page = findPage(files);
  const module = findModule(files);
  if (page === undefined) {
    if (module === undefined) return null;
    return { module, html: null, scripts: [], styles: [], answered: [], tailwind: true };
  }
  const html = files.get(page) ?? "";
  const scripts: [string, string][] = [];
  const answered: string[] = [];
  let named: string | undefined;
  for (const { src, isModule } of scriptsOf(html)) {
    const path = resolveFile(files, page, src.startsWith("/") ? src : `./${src.replace(/^\.\//, "")}`);
    if (path === undefined) {
      if (/tailwind/i.test(src)) answered.push(src);
    } else if (isModule) {
      named ??= path;
      answered.push(src);
    } else scripts.push([src, files.get(path) ?? ""]);
  }
  // A page that holds nothing but the place for a React app is the bundler's business, not the user's.
  if (named === undefined && module !== undefined && isReact(module)) {
    return { module, html: null, scripts: [], styles: [], answered: [], tailwind: true };
  }
  const styles = [...html.matchAll(/<link\b[^>]*\bhref\s*=\s*["']?([^"'\s>]+)/gi)]
    .map(([, href = ""]) => href)
    .filter((href) => resolveFile(files, page, `./${href.replace(/^\.?\//, "")}`)?.endsWith(".css"));
  const tailwind =
    named !== undefined && isReact(named) ? true : /tailwind/i.test([html, ...files.values()].join("\n"));
  return { module: named ?? null, html, scripts, styles, answered, tailwind };
}

function findPage(files: Files): string | undefined {
  const pages = [...files.keys()].filter((path) => /\.html?$/i.test(path));
  return ["index.html", "public/index.html", "src/index.html"].find((path) => files.has(path)) ?? pages[0];
}

function findModule(files: Files): string | undefined {
  for (const folder of ["src/", "", "app/"]) {
    const found = MODULES.map((name) => folder + name).find((path) => files.has(path));
    if (found !== undefined) return found;
  }
  // One component and no more, whatever it is called.
  return [...files.keys()].find((path) => isReact(path));
}

function isReact(path: string): boolean {
  return /\.[jt]sx$/.test(path);
}

function scriptsOf(html: string): { src: string; isModule: boolean }[] {
  return [...html.matchAll(/<script\b([^>]*)>/gi)].flatMap(([, tag = ""]) => {
    const src = /\bsrc\s*=\s*["']?([^"'\s>]+)/i.exec(tag)?.[1];
    return src === undefined ? [] : [{ src, isModule: /\btype\s*=\s*["']?module/i.test(tag) }];
  });
}
