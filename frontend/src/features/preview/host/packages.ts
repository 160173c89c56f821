// The packages of the preview as blobs, fetched once each and handed to every frame: a frame itself may fetch nothing.
import urls from "virtual:preview-packages";
import { BASE, PACKAGES } from "../model/packages";
import type { Program, SourceFile } from "../model/program";

const kept = new Map<string, Promise<Blob | Icons>>();

interface Icons {
  shapes: Record<string, unknown>;
  names: Record<string, string>;
}

function keep<T extends Blob | Icons>(name: string, read: (response: Response) => Promise<T>): Promise<T> {
  const known = kept.get(name);
  if (known) return known as Promise<T>;
  const made = fetchPackage(name).then(read);
  kept.set(name, made);
  // A failure is not kept: the next preview tries again.
  made.catch(() => kept.delete(name));
  return made;
}

async function fetchPackage(name: string): Promise<Response> {
  const url = urls[name];
  const response = url === undefined ? undefined : await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new Error(`The package ${name} could not be loaded.`);
  return response;
}

const script = (parts: BlobPart[]) => new Blob(parts, { type: "text/javascript" });
const asScript = async (response: Response) => script([await response.blob()]);

/** What the program needs, each under its name. */
export function packagesOf(program: Program): Promise<[name: string, blob: Blob][]> {
  const names = program.entry === null ? [] : [...new Set([...BASE, ...program.packages])];
  return Promise.all(
    names.map(
      async (name): Promise<[string, Blob]> => [
        name,
        name === "lucide-react" ? await iconsScript(program.icons) : await keep(name, asScript),
      ],
    ),
  );
}

/** Those of these packages that are the same for every program: the icons' is made of those that one uses. */
export function commonPackages(packages: readonly string[]): Promise<[name: string, blob: Blob][]> {
  const names = [...new Set([...BASE, ...packages])].filter((name) => name !== "lucide-react");
  return Promise.all(names.map(async (name): Promise<[string, Blob]> => [name, await keep(name, asScript)]));
}

/** Fetches what the files seem to import, while they are still compiled. What they do import is known after that. */
export function fetchEarly(files: readonly SourceFile[]): void {
  for (const name of Object.keys(PACKAGES)) {
    const isNamed = files.some(({ text }) => text.includes(`"${name}"`) || text.includes(`'${name}'`));
    if (isNamed && name !== "lucide-react") keep(name, asScript).catch(() => undefined);
  }
}

/** Fetches what nearly every app needs before there is one, while the code is still being written. */
export function warmPackages(): void {
  for (const name of BASE) keep(name, asScript).catch(() => undefined);
  // Hardly an app is without icons.
  iconsScript([]).catch(() => undefined);
}

/** The icons' package with those in it that are wanted: all of them would be more than the rest of an app. */
async function iconsScript(wanted: readonly string[] | null): Promise<Blob> {
  const [core, icons] = await Promise.all([
    keep("lucide-react", asScript),
    keep("icons", (response) => response.json() as Promise<Icons>),
  ]);
  const names = (wanted ?? Object.keys(icons.names)).filter((name) => Object.hasOwn(icons.names, name));
  const used = [...new Set(names.map((name) => icons.names[name] ?? ""))];
  const shapes = used.map((shape) => `${JSON.stringify(shape)}:${JSON.stringify(icons.shapes[shape])}`).join(",");
  const exported = names.map((name) => `give(${JSON.stringify(name)},${JSON.stringify(icons.names[name])});`).join("");
  return script([
    '__aether__("lucide-react",function(require,module,exports){',
    core,
    `\nvar shapes={${shapes}},made={};function give(name,shape){Object.defineProperty(exports,name,{enumerable:true,get:function(){`,
    "return made[shape]||(made[shape]=exports.createLucideIcon(shapes[shape]))}})}",
    exported,
    wanted === null ? "exports.icons=exports;" : "",
    "})",
  ]);
}
