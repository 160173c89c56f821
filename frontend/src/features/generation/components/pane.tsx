// The object pane: what was made, beside the conversation. What of it can be seen running is given from outside, as a tab more.
import type { EditorState } from "@codemirror/state";
import { Tabs } from "radix-ui";
import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import type { Generation } from "@/api/types";
import { CrashBoundary } from "@/components/ui/crash-boundary";
import { Grain, GrainWaiting } from "@/components/ui/grain";
import { KindTile } from "@/components/ui/kind-tile";
import { count, grouped, titleOf } from "@/lib/words";
import { useEdit } from "../hooks/use-edit";
import { useGeneration } from "../hooks/use-generation";
import { usePaneKeys } from "../hooks/use-pane-keys";
import { useProblemsOf } from "../model/edits";
import { baseName, type GenerationView, phaseWords } from "../model/view";
import { CodeTab } from "./code-tab";
import { EditQuestion } from "./edit-bar";
import { ShareMenu } from "./share-menu";

const DetailsTab = lazy(() => import("./details-tab"));

interface PaneProps {
  id: string;
  /** What the object is called; undefined: by this generation's own title. */
  name?: string | undefined;
  version: number;
  /** Chosen by the user; undefined: follow what is being written. */
  path: string | undefined;
  onPath: (path: string | undefined) => void;
  /** What runs of it; null where nothing can. It stays while other versions are shown, and decides what it shows of them. */
  preview?: (view: GenerationView, title: string, openFile: OpenFile) => ReactNode;
  /** Shows the version that an edit by hand was saved as. Without it files are only read. */
  onSaved?: ((made: Generation) => void) | undefined;
  /** Said above the tabs. */
  notice?: ReactNode;
}

/** Shows a file in the code tab, at a line of it. */
export type OpenFile = (path: string, line: number | undefined) => void;

export type Tab = "preview" | "code" | "details";

export function Pane({ id, name, version, path, onPath, preview, onSaved, notice }: PaneProps) {
  const { view } = useGeneration(id);
  const open = useRef<Tab>("code");
  const keepTab = (made: Generation) => {
    // It is what was looked at, saved: nothing moves.
    setChoice({ id: made.id, tab: open.current });
    onSaved?.(made);
  };
  const edit = useEdit(view, onSaved && keepTab);
  const problems = useProblemsOf(id);
  const places = useRef(new Map<string, EditorState>());
  const root = useRef<HTMLElement>(null);
  // What the user chose holds for the version that it was chosen for; then the pane leads again.
  const [choice, setChoice] = useState<{ id: string; tab: Tab }>();
  const [spot, setSpot] = useState<{ path: string; line: number }>();
  const title = view ? (name ?? titleOf(view.generation)) : "";
  const openFile: OpenFile = (file, line) => {
    setSpot(line === undefined ? undefined : { path: file, line });
    setChoice({ id, tab: "code" });
    onPath(file);
  };
  const running = view && preview?.(view, title, openFile);
  const choose = (next: Tab) => setChoice({ id, tab: next });
  const tabs: readonly Tab[] = running ? ["preview", "code", "details"] : ["code", "details"];
  usePaneKeys(root, { tabs, choose, save: edit.save, problems, openFile });
  if (!view) return <section className="pane" aria-label="Files" aria-busy="true" />;
  const hasPreview = running !== undefined && running !== null;
  // Code is seen while it is written, the app as soon as it is whole.
  const leading: Tab = hasPreview && view.phase === "ready" ? "preview" : "code";
  const chosen = choice?.id === id && (hasPreview || choice.tab !== "preview") ? choice.tab : undefined;
  // A file that was asked for is looked at, not the app.
  const tab = chosen ?? (path === undefined ? leading : "code");
  open.current = tab;
  // The tabs say nothing of a click on the one that is open already. It is a choice all the same: to stay there.
  const trigger = (value: Tab, words: ReactNode) => (
    <Tabs.Trigger className="tab" value={value} onClick={() => choose(value)}>
      {words}
    </Tabs.Trigger>
  );
  const edited = Object.keys(edit.texts).length;
  // While code is changed, the app is seen beside it where there is room for both.
  const isBeside = hasPreview && tab === "code" && edit.isOn;
  return (
    <Tabs.Root className="pane" value={tab} onValueChange={(next) => choose(next as Tab)} asChild>
      <section aria-label={title} ref={root}>
        <header className="pane-head">
          <KindTile kind={view.generation.type} />
          <h2 className="artifact-name clip">{title}</h2>
          <PhaseBadge view={view} version={version} />
          {view.phase === "ready" && <ShareMenu id={view.generation.id} />}
        </header>
        <div>
          <div className="pane-grain">
            {view.files.length > 0 ? <Grain bars={view.bars} width={800} /> : view.ended ? null : <GrainWaiting />}
          </div>
          {notice}
          <div className="pane-tabs">
            <Tabs.List className="tabs" aria-label="What to show">
              {hasPreview && trigger("preview", "Preview")}
              {trigger(
                "code",
                <>
                  Code
                  {edit.isPossible && edited > 0 && (
                    <span className="badge" title={`${count(edited, "file")} edited, not saved`}>
                      {edited}
                      <span className="sr"> edited, not saved</span>
                    </span>
                  )}
                </>,
              )}
              {trigger("details", "Details")}
            </Tabs.List>
          </div>
        </div>
        <div className={isBeside ? "pane-body is-beside" : "pane-body"}>
          <Tabs.Content value="code" asChild>
            <div className="pane-body">
              {/* Not begun anew for another version: an edit that is saved goes on in the new one. */}
              <CrashBoundary name="The code view" of={id}>
                <CodeTab
                  view={view}
                  path={path}
                  onPath={(next) => {
                    setSpot(undefined);
                    onPath(next);
                  }}
                  spot={spot}
                  edit={edit}
                  places={places.current}
                />
              </CrashBoundary>
            </div>
          </Tabs.Content>
          <Tabs.Content value="details" asChild>
            <div className="pane-body">
              <CrashBoundary name="The details" key={id}>
                <Suspense fallback={null}>
                  <DetailsTab view={view} />
                </Suspense>
              </CrashBoundary>
            </div>
          </Tabs.Content>
          {hasPreview && (
            <Tabs.Content value="preview" forceMount asChild>
              {/* Hidden, not gone: an app goes on where it was when its tab is opened again. Behind the code, as it is seen. */}
              <div className="pane-body is-kept">
                <CrashBoundary name="The preview">{running}</CrashBoundary>
              </div>
            </Tabs.Content>
          )}
        </div>
        <EditQuestion edit={edit} />
        {tab !== "preview" && !isBeside && <PaneFoot view={view} />}
      </section>
    </Tabs.Root>
  );
}

function PhaseBadge({ view, version }: { view: GenerationView; version: number }) {
  if (!view.ended)
    return <span className="badge making">{version > 1 ? `v${version}, being made` : "Being made"}</span>;
  if (view.phase === "ready") {
    return (
      <>
        {version > 1 && <span className="badge">v{version}</span>}
        <span className="state ready hide-900">Ready</span>
      </>
    );
  }
  return <span className={view.phase === "failed" ? "state failed" : "state"}>{phaseWords(view)}</span>;
}

function PaneFoot({ view }: { view: GenerationView }) {
  const lines = view.files.reduce((all, file) => all + file.lines, 0);
  const now = view.files.find((file) => !file.closed);
  const tone = view.phase === "ready" ? "ready" : view.phase === "failed" ? "failed" : view.ended ? "" : "making";
  const words = view.phase === "writing" && now ? `Writing ${baseName(now.path)}` : phaseWords(view);
  return (
    <footer className="pane-foot hide-phone">
      <span className={`state ${tone}`}>{words}</span>
      <span className="grow" />
      {lines > 0 && (
        <span className="num">
          {count(view.files.length, "file")}, {grouped(lines)} lines
        </span>
      )}
    </footer>
  );
}
