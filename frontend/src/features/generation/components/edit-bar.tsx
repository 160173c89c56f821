// What can be done with an edit: save, discard, leave. And what has to be known of it: what is wrong, and that it is not of the
// newest version.
import { CircleAlert, History } from "lucide-react";
import { Dialog } from "@/components/ui/dialog";
import type { Edit } from "../hooks/use-edit";
import { type EditProblem, isEmpty } from "../model/edits";

export function EditActs({ edit }: { edit: Edit }) {
  if (isEmpty(edit.texts)) {
    return (
      <button type="button" className="btn btn-ghost btn-sm" onClick={edit.end}>
        Done
      </button>
    );
  }
  return (
    <>
      <button
        type="button"
        className="btn btn-ghost btn-sm"
        aria-disabled={edit.isSaving}
        onClick={() => {
          if (!edit.isSaving) edit.discard();
        }}
      >
        Discard
      </button>
      <button
        type="button"
        className="btn btn-sm btn-primary"
        title="Save as a new version (Ctrl+S)"
        aria-disabled={edit.isSaving}
        onClick={edit.save}
      >
        {edit.isSaving ? "Saving…" : "Save"}
      </button>
    </>
  );
}

interface EditNewsProps {
  edit: Edit;
  problems: readonly EditProblem[];
  onGo: (file: string, line: number | undefined) => void;
}

export function EditNews({ edit, problems, onGo }: EditNewsProps) {
  return (
    <div className="edit-news">
      {edit.newer && (
        <div className="banner" role="status">
          <History className="i" aria-hidden="true" />
          <span className="grow">
            A newer version has come: “<span>{short(edit.newer.prompt)}</span>”. You are changing an earlier one.
          </span>
        </div>
      )}
      <div className="edit-problems" role="status" aria-label="What is wrong">
        <ul>
          {problems.map(({ file, line, message }) => (
            <li key={`${file}:${line} ${message}`}>
              <CircleAlert className="i i-sm" aria-hidden="true" />
              {file !== undefined && (
                <button type="button" className="link mono" onClick={() => onGo(file, line)}>
                  {line === undefined ? file : `${file}:${line}`}
                </button>
              )}
              <span>{message}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Asked on "Save", whatever tab is open. */
export function EditQuestion({ edit }: { edit: Edit }) {
  if (!edit.asks) return null;
  return (
    <Dialog
      title="Save beside the newer version?"
      onClose={() => edit.answer(false)}
      foot={
        <>
          <button type="button" className="btn" onClick={() => edit.answer(false)}>
            Keep editing
          </button>
          <button type="button" className="btn btn-primary" onClick={() => edit.answer(true)}>
            Save as the newest
          </button>
        </>
      }
    >
      <p>
        A newer version has come since you opened this one. Yours is made from the earlier one: what the newer one
        changed is not in it. Both stay in the conversation, and the next change begins with yours.
      </p>
    </Dialog>
  );
}

const SHORT = 60;

function short(words: string): string {
  const line = words.replace(/\s+/g, " ").trim();
  return line.length > SHORT ? `${line.slice(0, SHORT)}…` : line;
}
