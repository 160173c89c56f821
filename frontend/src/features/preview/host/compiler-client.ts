// Asks the compiler in its worker. One worker for the page, started with the first preview.
import workerUrl from "../compiler/worker?worker&url";
import type { Compilation, SourceFile } from "../model/program";

/** The page admits scripts for workers by this policy alone, and the policy admits this one file. */
const policy = globalThis.trustedTypes?.createPolicy("aether-worker", {
  createScriptURL: (url) => {
    if (url === workerUrl) return url;
    throw new TypeError("This is not a worker of AetherOS.");
  },
});

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, { resolve: (made: Compilation) => void; reject: (error: Error) => void }>();

export function compileInWorker(files: readonly SourceFile[]): Promise<Compilation> {
  worker ??= start();
  lastId += 1;
  const id = lastId;
  worker.postMessage({ id, files });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

/** Starts the compiler and lets it make its first style sheet, while there is nothing to compile yet. */
export function warmCompiler(): void {
  if (!worker) compileInWorker([{ path: "src/App.tsx", text: "export default () => <p />" }]).catch(() => undefined);
}

function start(): Worker {
  const url = policy?.createScriptURL(workerUrl) ?? workerUrl;
  // TypeScript does not know yet that a worker may be started with a trusted address.
  const made = new Worker(url as unknown as string, { type: "module" });
  made.onmessage = ({ data }: MessageEvent<{ id: number; compilation: Compilation }>) => {
    waiting.get(data.id)?.resolve(data.compilation);
    waiting.delete(data.id);
  };
  made.onerror = () => {
    made.terminate();
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new Error("The compiler of the preview stopped."));
    waiting.clear();
  };
  return made;
}
