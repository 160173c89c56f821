// The files of an artifact: tree, text, copy, download of one or of all. Follows the file being written until the user picks another.
import type { EditorState } from "@codemirror/state";
import { useQuery } from "@tanstack/react-query";
import { Download, FolderDown, Pencil } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { ErrorCard } from "@/components/ui/error-card";
import { saveText } from "@/lib/save-file";
import { bytes } from "@/lib/words";
import { readFile } from "../api/generations";
import { hasArchive, useArchive } from "../hooks/use-archive";
import type { Edit } from "../hooks/use-edit";
import { setEdit, useProblemsOf } from "../model/edits";
import { baseName, type GenerationView, type ViewFile } from "../model/view";
import { CodeLines } from "./code-lines";
import { EditActs, EditNews } from "./edit-bar";
import { FileTree } from "./file-tree";

const CodeEditor = lazy(() => import("./code-editor"));

interface CodeTabProps {
  view: GenerationView;
  path: string | undefined;
  onPath: (path: string | undefined) => void;
  /** A line of a file to look at. */
  spot?: Spot | undefined;
  /** Absent where files are only read. */
  edit?: Edit | undefined;
  /** Caret and undo of each file that was edited. */
  places?: Map<string, EditorState>;
}

interface Spot {
  path: string;
  line: number;
}

export function CodeTab({ view, path, onPath, spot, edit, places }: CodeTabProps) {
  const problems = useProblemsOf(view.generation.id);
  const [asked, setAsked] = useState<Spot>();
  const chosen = view.files.find((file) => file.path === path);
  const beingWritten = view.files.find((file) => !file.closed) ?? view.files.at(-1);
  const changed = edit?.isOn ? view.files.find((file) => edit.texts[file.path] !== undefined) : undefined;
  const file = chosen ?? (view.ended ? (changed ?? view.files[0]) : beingWritten);
  if (!file) return <NoFiles ended={view.ended} />;
  const following = !view.ended && !chosen;
  const writing = !view.ended && !file.closed;
  return (
    <div className="pane-code grid min-h-0">
      <FileTree files={view.files} selected={file.path} writing={!view.ended} onSelect={onPath} />
      <div className="code-col">
        <div className="file-bar">
          <span className="mono clip hide-narrow">{file.path}</span>
          <select
            className="file-pick mono"
            aria-label="File"
            value={file.path}
            onChange={(event) => onPath(event.target.value)}
          >
            {view.files.map((each) => (
              <option key={each.path}>{each.path}</option>
            ))}
          </select>
          <span className="grow" />
          {!view.ended && (
            <button
              type="button"
              className="btn btn-ghost btn-sm"
              aria-pressed={following}
              onClick={() => onPath(following ? file.path : undefined)}
            >
              {following ? "Following" : "Follow"}
            </button>
          )}
          {edit?.isOn ? (
            <EditActs edit={edit} />
          ) : (
            <>
              {file.content !== null && <FileActs file={file} />}
              {hasArchive(view) && <ArchiveButton view={view} />}
              {edit?.isPossible && (
                <button
                  type="button"
                  className="btn btn-ghost btn-sm"
                  onClick={() => {
                    // From now on it is this file of this version, whatever is made meanwhile.
                    onPath(file.path);
                    edit.begin();
                  }}
                >
                  <Pencil className="i i-sm" aria-hidden="true" />
                  Edit
                </button>
              )}
            </>
          )}
        </div>
        {edit?.isOn && (
          <EditNews
            edit={edit}
            problems={problems}
            onGo={(to, line) => {
              if (line !== undefined) setAsked({ path: to, line });
              if (to !== file.path) onPath(to);
            }}
          />
        )}
        <FileText
          view={view}
          file={file}
          writing={writing}
          following={following}
          spot={[asked, spot].find((one) => one?.path === file.path)}
          edit={edit?.isOn ? edit : undefined}
          places={places}
        />
      </div>
    </div>
  );
}

function FileActs({ file }: { file: ViewFile }) {
  const content = file.content ?? "";
  const label = `Download ${baseName(file.path)}, ${bytes(new Blob([content]).size)}`;
  return (
    <>
      <CopyButton text={() => content} label="Copy file" />
      <button
        type="button"
        className="btn btn-ghost btn-sm btn-icon"
        aria-label={label}
        title={label}
        onClick={() => saveText(baseName(file.path), content)}
      >
        <Download className="i" aria-hidden="true" />
      </button>
    </>
  );
}

function ArchiveButton({ view }: { view: GenerationView }) {
  const { download, packing } = useArchive(view);
  return (
    <button
      type="button"
      className="btn btn-ghost btn-sm btn-icon"
      aria-label="Download .zip"
      title="Download .zip, all files"
      aria-disabled={packing}
      onClick={() => {
        if (!packing) download();
      }}
    >
      <FolderDown className="i" aria-hidden="true" />
    </button>
  );
}

interface FileTextProps {
  view: GenerationView;
  file: ViewFile;
  writing: boolean;
  following: boolean;
  spot: Spot | undefined;
  edit: Edit | undefined;
  places: Map<string, EditorState> | undefined;
}

function FileText({ view, file, writing, following, spot, edit, places }: FileTextProps) {
  const missing = file.content === null;
  const query = useQuery({
    queryKey: ["file", view.generation.id, file.path],
    queryFn: () => readFile(view.generation.id, file.path),
    enabled: missing,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const text = file.content ?? query.data;
  if (text === undefined) {
    if (query.error)
      return (
        <ErrorCard title="This file could not be loaded" error={query.error} onRetry={() => void query.refetch()} />
      );
    return <div className="code" aria-busy="true" />;
  }
  if (edit && places) return <EditedText view={view} file={file} text={text} spot={spot} edit={edit} places={places} />;
  return (
    <CodeLines
      key={file.path}
      text={text}
      language={file.language}
      path={file.path}
      label={baseName(file.path)}
      writing={writing}
      following={following && writing}
      mark={spot?.line}
    />
  );
}

interface EditedTextProps {
  view: GenerationView;
  file: ViewFile;
  text: string;
  spot: Spot | undefined;
  edit: Edit;
  places: Map<string, EditorState>;
}

function EditedText({ view, file, text, spot, edit, places }: EditedTextProps) {
  const problems = useProblemsOf(view.generation.id);
  const wrong = useMemo(
    () => problems.flatMap((one) => (one.file === file.path && one.line !== undefined ? [one.line] : [])),
    [problems, file.path],
  );
  return (
    <Suspense fallback={<div className="code" aria-busy="true" />}>
      <CodeEditor
        path={file.path}
        language={file.language}
        text={edit.texts[file.path] ?? text}
        onText={(next) => setEdit(view.generation.id, file.path, next, text)}
        wrong={wrong}
        goTo={spot}
        places={places}
        caret={edit.isFresh}
      />
    </Suspense>
  );
}

function NoFiles({ ended }: { ended: boolean }) {
  return (
    <div className="empty pane-empty">
      <h3>{ended ? "No files" : "The first file opens here"}</h3>
      <p>
        {ended ? "This answer is words only. They are in the conversation." : "As soon as its first line is written."}
      </p>
    </div>
  );
}
