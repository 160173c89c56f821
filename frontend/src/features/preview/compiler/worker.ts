// The compiler in a thread of its own. Asked by host/compiler-client.ts with an id and files; answers with the same id.
import type { SourceFile } from "../model/program";
import { compile } from "./compile";

addEventListener("message", ({ data }: MessageEvent<{ id: number; files: readonly SourceFile[] }>) => {
  void compile(data.files).then((compilation) => postMessage({ id: data.id, compilation }));
});
