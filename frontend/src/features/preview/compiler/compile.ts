// The files of an artifact to a program that the frame can run. Runs in a worker, but knows nothing of it.
import { isPackage } from "../model/packages";
import type { Compilation, Problem, Program, SourceFile } from "../model/program";
import { findEntry } from "./entry";
import { kitFile } from "./kit";
import { type CompiledModule, compileModule, type SourceError } from "./module";
import { isLocal, resolveFile } from "./resolve";
import { compileStyles } from "./styles";

/** More is no app. Nothing is compiled above it, so that nobody waits for what cannot be. */
const MAX_FILES = 1_000;
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_PROBLEMS = 50;

const CODE = /\.[mc]?[jt]sx?$/;
/** What was compiled before is known by its text: a change of one file compiles one file. */
const compiled = new Map<string, { text: string; module: CompiledModule }>();

export async function compile(sources: readonly SourceFile[]): Promise<Compilation> {
  const began = performance.now();
  const done = (program: Program | null, problems: readonly Problem[]): Compilation => ({
    program,
    problems: problems.slice(0, MAX_PROBLEMS),
    ms: performance.now() - began,
  });
  const size = sources.reduce((all, file) => all + file.text.length, 0);
  if (sources.length > MAX_FILES || size > MAX_TEXT) {
    return done(null, [{ kind: "entry", message: "These are too many files, or too long ones, for a preview." }]);
  }
  const files = new Map(sources.map((file) => [file.path, file.text]));
  const entry = findEntry(files);
  if (!entry) {
    return done(null, [{ kind: "entry", message: "There is no src/App.tsx and no index.html to show." }]);
  }
  const problems: Problem[] = [];
  const graph = entry.module === null ? emptyGraph : follow(files, entry.module, problems);
  let css = "";
  try {
    css = await compileStyles(new Map([...files, ...graph.kit]), entry.tailwind);
  } catch (error) {
    problems.push({ kind: "style", message: error instanceof Error ? error.message : String(error) });
  }
  if (problems.some(({ kind }) => kind !== "style")) return done(null, problems);
  return done(
    {
      entry: entry.module,
      modules: graph.modules,
      imports: graph.imports,
      css,
      html: entry.html,
      pageScripts: entry.scripts,
      pageStyles: entry.styles,
      answered: entry.answered,
      packages: [...graph.packages],
      icons: graph.icons,
    },
    problems,
  );
}

interface Graph {
  modules: [string, string][];
  imports: [string, [string, string][]][];
  packages: Set<string>;
  icons: string[] | null;
  /** Files of the kit that the app uses. */
  kit: Map<string, string>;
}

const emptyGraph: Graph = { modules: [], imports: [], packages: new Set(), icons: [], kit: new Map() };

/** All that the entry leads to. What nothing imports may be as broken as it likes. */
function follow(files: ReadonlyMap<string, string>, entry: string, problems: Problem[]): Graph {
  const graph: Graph = { modules: [], imports: [], packages: new Set(), icons: [], kit: new Map() };
  const icons = new Set<string>();
  const waiting = [entry];
  const seen = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = files.get(path) ?? graph.kit.get(path) ?? "";
    if (!CODE.test(path)) {
      const code = asset(path, text, problems);
      if (code !== undefined) graph.modules.push([path, code]);
      continue;
    }
    let module: CompiledModule;
    try {
      module = compileOnce(path, text);
    } catch (error) {
      const { message, line, column } = error as SourceError;
      problems.push({ kind: "syntax", message, file: path, line, column });
      continue;
    }
    const targets: [string, string][] = [];
    for (const { specifier, line, names } of module.imports) {
      const target = meaning(files, graph, path, specifier);
      if ("problem" in target) {
        problems.push({ kind: "import", message: target.problem, file: path, line });
        continue;
      }
      targets.push([specifier, target.name]);
      if (target.isPackage) {
        graph.packages.add(target.name);
        if (target.name === "lucide-react") {
          if (names === null) graph.icons = null;
          else for (const name of names) icons.add(name);
        }
      } else if (!seen.has(target.name)) {
        seen.add(target.name);
        waiting.push(target.name);
      }
    }
    graph.modules.push([path, module.code]);
    graph.imports.push([path, targets]);
  }
  if (graph.icons !== null) graph.icons = [...icons];
  return graph;
}

function compileOnce(path: string, text: string): CompiledModule {
  const known = compiled.get(path);
  if (known?.text === text) return known.module;
  const module = compileModule(path, text);
  if (compiled.size > 2 * MAX_FILES) compiled.clear();
  compiled.set(path, { text, module });
  return module;
}

type Meaning = { name: string; isPackage: boolean } | { problem: string };

function meaning(files: ReadonlyMap<string, string>, graph: Graph, from: string, specifier: string): Meaning {
  if (isLocal(specifier)) {
    const path = resolveFile(files, from, specifier);
    if (path !== undefined) return { name: path, isPackage: false };
    const kit = kitFile(from, specifier);
    if (kit) {
      graph.kit.set(kit.path, kit.text);
      return { name: kit.path, isPackage: false };
    }
    return { problem: `There is no file "${specifier}".` };
  }
  if (isPackage(specifier)) return { name: specifier, isPackage: true };
  // Each function of date-fns has a path of its own too, and a named export in both.
  if (/^date-fns\/\w+$/.test(specifier)) return { name: "date-fns", isPackage: true };
  return { problem: `The package "${specifier}" is not available in previews.` };
}

/** A file that is no code, as a module. */
function asset(path: string, text: string, problems: Problem[]): string | undefined {
  if (/\.json$/i.test(path)) {
    try {
      return `module.exports=${JSON.stringify(JSON.parse(text)).replace(/\u2028|\u2029/g, "")}`;
    } catch (error) {
      problems.push({ kind: "syntax", message: `This is not JSON: ${(error as Error).message}`, file: path });
      return undefined;
    }
  }
  // In a style sheet as it stands every class keeps its name.
  if (/\.module\.css$/i.test(path)) {
    return 'module.exports=new Proxy({},{get:(_,name)=>name==="__esModule"?undefined:String(name)})';
  }
  if (/\.css$/i.test(path)) return "";
  if (/\.svg$/i.test(path)) {
    return `module.exports=${JSON.stringify(`data:image/svg+xml,${encodeURIComponent(text)}`)}`;
  }
  return `module.exports=${JSON.stringify(text)}`;
}
