// What the preview has to say above the app: it hangs, something is wrong, it wants to lead elsewhere.
import { CircleAlert, ExternalLink, MessageSquare, TriangleAlert, Wrench, X } from "lucide-react";
import { useState } from "react";
import { count } from "@/lib/words";
import type { PreviewState } from "../host/preview-host";
import type { FrameDialog } from "../model/messages";
import { placeWords } from "../model/problems";
import type { Problem } from "../model/program";

export function SilentBar({ onStop, onRestart }: { onStop: () => void; onRestart: () => void }) {
  return (
    <div className="banner" role="alert">
      <TriangleAlert className="i" aria-hidden="true" />
      <span className="grow">The app does not answer.</span>
      <button type="button" className="btn btn-sm" onClick={onStop}>
        Stop
      </button>
      <button type="button" className="btn btn-sm btn-primary" onClick={onRestart}>
        Restart
      </button>
    </div>
  );
}

interface ProblemBarProps {
  state: PreviewState;
  onOpenFile: (path: string, line: number | undefined) => void;
  onFix: (() => void) | undefined;
}

const SHOWN = 3;

export function ProblemBar({ state, onOpenFile, onFix }: ProblemBarProps) {
  const [showAll, setShowAll] = useState(false);
  const { problems, isStale } = state;
  if (problems.length === 0) return null;
  const shown = showAll ? problems : problems.slice(0, SHOWN);
  return (
    <div className="error-card problems" role="alert">
      <div className="problems-head">
        <h3>
          <CircleAlert className="i" aria-hidden="true" />
          {count(problems.length, "problem")}
        </h3>
        <span className="grow faint clip">{isStale ? "Below is the last version that worked." : ""}</span>
        {onFix && (
          <button type="button" className="btn btn-sm btn-primary" onClick={onFix}>
            <Wrench className="i i-sm" aria-hidden="true" />
            Fix it
          </button>
        )}
      </div>
      <ul>
        {shown.map((problem) => (
          <ProblemRow key={`${placeWords(problem)} ${problem.message}`} problem={problem} onOpenFile={onOpenFile} />
        ))}
      </ul>
      {problems.length > SHOWN && (
        <button type="button" className="btn btn-ghost btn-sm" onClick={() => setShowAll(!showAll)}>
          {showAll ? "Show fewer" : `Show all ${problems.length}`}
        </button>
      )}
    </div>
  );
}

function ProblemRow({ problem, onOpenFile }: { problem: Problem; onOpenFile: ProblemBarProps["onOpenFile"] }) {
  const { file, line, message } = problem;
  return (
    <li>
      {file !== undefined && (
        <button type="button" className="link mono" onClick={() => onOpenFile(file, line)}>
          {placeWords(problem)}
        </button>
      )}
      <span className="problem-words">{message}</span>
    </li>
  );
}

/** The address is shown whole: what an app puts into it leaves this page with the click. */
export function LinkBar({ link, onClose }: { link: string; onClose: () => void }) {
  return (
    <div className="banner link-bar" role="status">
      <ExternalLink className="i" aria-hidden="true" />
      <span className="grow">
        The app leads to <span className="mono">{link}</span>
      </span>
      <a className="btn btn-sm" href={link} target="_blank" rel="noopener noreferrer" onClick={onClose}>
        Open
      </a>
      <button type="button" className="btn btn-ghost btn-sm btn-icon" aria-label="Stay here" onClick={onClose}>
        <X className="i" aria-hidden="true" />
      </button>
    </div>
  );
}

interface DialogBarProps {
  dialog: FrameDialog;
  onConfirms: (yes: boolean) => void;
  onClose: () => void;
}

/** The app has gone on already: it cannot wait for an answer. It is said what it was told, and `confirm` can be told otherwise. */
export function DialogBar({ dialog, onConfirms, onClose }: DialogBarProps) {
  const { kind, text, answer } = dialog;
  const other = answer === "OK" ? "Cancel" : "OK";
  return (
    <div className="banner dialog-bar" role="status">
      <MessageSquare className="i" aria-hidden="true" />
      <span className="grow">
        {kind === "alert" ? "The app says: " : "The app asked: "}
        <q>{text}</q>
        {kind !== "alert" && (
          <span className="faint"> It cannot wait here, and was answered: {answer ?? "Cancel"}.</span>
        )}
      </span>
      {kind === "confirm" && (
        <button type="button" className="btn btn-sm" onClick={() => onConfirms(other === "OK")}>
          Answer {other} from now on
        </button>
      )}
      <button type="button" className="btn btn-ghost btn-sm btn-icon" aria-label="Close" onClick={onClose}>
        <X className="i" aria-hidden="true" />
      </button>
    </div>
  );
}
