// What a share link shows: the prompt, the words and the files, read only. Nothing here changes or asks for an account.
import { useState } from "react";
import type { Generation } from "@/api/types";
import { CrashBoundary } from "@/components/ui/crash-boundary";
import { KindTile } from "@/components/ui/kind-tile";
import { ago, count, titleOf } from "@/lib/words";
import { viewOf } from "../model/view";
import { CodeTab } from "./code-tab";
import { Prose } from "./prose";

export function SharedView({ generation }: { generation: Generation }) {
  const view = viewOf(generation, undefined);
  const [path, setPath] = useState<string>();
  const title = titleOf(generation);
  const issues = view.metadata?.validation.issues ?? [];
  return (
    <>
      <section className="shared-words" aria-label="What was asked">
        <div className="shared-head">
          <KindTile kind={generation.type} />
          <h1>{title}</h1>
        </div>
        <p className="faint text-12">
          Made {ago(generation.createdAt)}
          {generation.model ? ` by ${generation.model}` : ""}
        </p>
        <article className="msg msg-user" aria-label="Prompt">
          <div className="msg-body">
            <p className="plain">{generation.prompt}</p>
          </div>
        </article>
        {view.before !== "" && <Prose text={view.before} />}
        {view.after !== "" && <Prose text={view.after} />}
        {issues.length > 0 && (
          <details>
            <summary>{count(issues.length, "problem")} found in the files</summary>
            <ul>
              {issues.map((issue) => (
                <li key={`${issue.path}-${issue.code}-${issue.message}`}>
                  {issue.path ? `${issue.path}: ` : ""}
                  {issue.message}
                </li>
              ))}
            </ul>
          </details>
        )}
      </section>
      {view.files.length > 0 && (
        <section className="shared-files" aria-label="Files">
          <CrashBoundary name="The code view">
            <CodeTab view={view} path={path} onPath={setPath} />
          </CrashBoundary>
        </section>
      )}
    </>
  );
}
