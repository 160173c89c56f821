// Joins a generation and the preview: which files are run, when, and what becomes of "Fix it".
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { readFile, versionsQuery } from "@/features/generation/api/generations";
import { type FileTexts, isEmpty, setProblems, useEditsOf } from "@/features/generation/model/edits";
import type { GenerationView } from "@/features/generation/model/view";
import { canRun } from "@/features/preview/model/can-run";
import type { SourceFile } from "@/features/preview/model/program";

const PreviewTab = lazy(() => import("@/features/preview/components/preview-tab"));

interface AppPreviewProps {
  view: GenerationView;
  title: string;
  onOpenFile: (path: string, line: number | undefined) => void;
  onFix?: ((prompt: string) => void) | undefined;
  windowHref?: string | undefined;
}

export function AppPreview({ view, title, onOpenFile, onFix, windowHref }: AppPreviewProps) {
  const { id } = view.generation;
  const edits = useEditsOf(id);
  const files = useEdited(useFiles(view), useSettled(edits, id));
  const family = useFamily(view.generation);
  return (
    <Suspense fallback={<div className="preview" aria-busy="true" />}>
      <PreviewTab
        title={title}
        files={family === undefined ? undefined : files}
        family={family ?? id}
        waiting={waitingWords(view)}
        behind={behindWords(view)}
        writing={!view.ended}
        onOpenFile={onOpenFile}
        onFix={onFix}
        windowHref={windowHref}
        edited={!isEmpty(edits)}
        onProblems={(problems) => setProblems(id, problems)}
      />
    </Suspense>
  );
}

/** An app is run in its own tab; everything else is read. */
export function hasPreview(view: GenerationView): boolean {
  return view.generation.type === "ui" && (!view.ended || canRun(view.files.map((file) => file.path)));
}

function waitingWords(view: GenerationView): string {
  if (!view.ended) return "As soon as its last line is written and checked.";
  return view.phase === "ready" ? "Its files are being read." : "This version was not finished, so it is not run.";
}

function behindWords(view: GenerationView): string | undefined {
  if (!view.ended) return "The next version is being written";
  return view.phase === "ready" ? undefined : "This version was not finished";
}

/** The files of a version that is whole; undefined until then. The same list as long as it is the same version. */
function useFiles(view: GenerationView): readonly SourceFile[] | undefined {
  const whole = view.phase === "ready";
  const missing = whole ? view.files.filter((file) => file.content === null && file.closed) : [];
  const loaded = useQueries({
    queries: missing.map((file) => ({
      queryKey: ["file", view.generation.id, file.path],
      queryFn: () => readFile(view.generation.id, file.path),
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: (results) =>
      results.every((result) => result.data !== undefined) ? results.map((r) => r.data) : undefined,
  });
  const known = useRef<{ key: string; files: readonly SourceFile[] }>(undefined);
  return useMemo(() => {
    if (!whole || !loaded) return undefined;
    if (known.current?.key === view.generation.id) return known.current.files;
    const texts = new Map(missing.map((file, at) => [file.path, loaded[at] ?? ""]));
    const files = view.files
      .filter((file) => file.content !== null || texts.has(file.path))
      .map(({ path, content }) => ({ path, text: content ?? texts.get(path) ?? "" }));
    known.current = { key: view.generation.id, files };
    return files;
  }, [whole, loaded, view, missing]);
}

/** What all versions of an object have in common: their conversation, else the first of them. Undefined until it is known. */
function useFamily({ id, roomId, parentId }: GenerationView["generation"]): string | undefined {
  const line = useQuery({ ...versionsQuery(id), enabled: roomId === null && parentId !== null });
  if (roomId !== null || parentId === null) return roomId ?? id;
  return line.data?.[0]?.id ?? (line.isError ? id : undefined);
}

/** So long nothing is typed, and it is compiled. */
const SETTLE_MS = 250;

/** The edits of a version, when they have stood for a moment. Those that are there from the start, and none, count at once. */
function useSettled(edits: FileTexts, id: string): FileTexts {
  const [settled, setSettled] = useState({ id, edits });
  const isNow = settled.id !== id || isEmpty(edits);
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ id, edits }), isNow ? 0 : SETTLE_MS);
    return () => clearTimeout(timer);
  }, [id, edits, isNow]);
  return isNow ? edits : settled.edits;
}

/** The files with what was changed by hand in them; the same list as long as nothing else is. */
function useEdited(files: readonly SourceFile[] | undefined, edits: FileTexts): readonly SourceFile[] | undefined {
  return useMemo(() => {
    if (!files || isEmpty(edits)) return files;
    return files.map((file) => ({ path: file.path, text: edits[file.path] ?? file.text }));
  }, [files, edits]);
}
