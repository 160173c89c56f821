// The files of an artifact: tree, text, copy, download of one or of all. Follows the file being written until the user picks another.
import { useQuery } from "@tanstack/react-query";
import { Download, FolderDown } from "lucide-react";
import { CopyButton } from "@/components/ui/copy-button";
import { ErrorCard } from "@/components/ui/error-card";
import { saveText } from "@/lib/save-file";
import { bytes } from "@/lib/words";
import { readFile } from "../api/generations";
import { hasArchive, useArchive } from "../hooks/use-archive";
import { baseName, type GenerationView, type ViewFile } from "../model/view";
import { CodeLines } from "./code-lines";
import { FileTree } from "./file-tree";

interface CodeTabProps {
  view: GenerationView;
  path: string | undefined;
  onPath: (path: string | undefined) => void;
  /** A line of that file to look at. */
  line?: number | undefined;
}

export function CodeTab({ view, path, onPath, line }: CodeTabProps) {
  const chosen = view.files.find((file) => file.path === path);
  const beingWritten = view.files.find((file) => !file.closed) ?? view.files.at(-1);
  const file = chosen ?? (view.ended ? view.files[0] : beingWritten);
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
          {file.content !== null && <FileActs file={file} />}
          {hasArchive(view) && <ArchiveButton view={view} />}
        </div>
        <FileText
          view={view}
          file={file}
          writing={writing}
          following={following}
          line={file.path === path ? line : undefined}
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
  line: number | undefined;
}

function FileText({ view, file, writing, following, line }: FileTextProps) {
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
  return (
    <CodeLines
      key={file.path}
      text={text}
      language={file.language}
      path={file.path}
      label={baseName(file.path)}
      writing={writing}
      following={following && writing}
      mark={line}
    />
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
