// One line below the app: whether it runs, what it may do, how soon it was there.
import { count } from "@/lib/words";
import type { PreviewState, PreviewStatus } from "../host/preview-host";

const words: Record<PreviewStatus, [text: string, tone: string]> = {
  idle: ["Not started", ""],
  starting: ["Starting", ""],
  live: ["Running", "ready"],
  failed: ["Did not start", "failed"],
  unresponsive: ["Does not answer", "failed"],
  stopped: ["Stopped", ""],
};

interface StatusStripProps {
  state: PreviewState;
  behind: string | undefined;
  writing: boolean;
  edited: boolean;
}

export function StatusStrip({ state, behind, writing, edited }: StatusStripProps) {
  const [text, tone] = behind === undefined ? words[state.status] : [behind, writing ? "making" : ""];
  return (
    <footer className="pane-foot">
      <span className={`state ${tone}`}>{text}</span>
      <span className="hide-phone">
        {state.problems.length > 0
          ? count(state.problems.length, "problem")
          : state.status === "live"
            ? "No problems"
            : ""}
      </span>
      {edited && <span>With your edit, not saved</span>}
      <span className="grow" />
      {!edited && <span className="hide-phone">No network access</span>}
      {state.paintedMs !== undefined && state.status === "live" && (
        <span className="num">painted in {(state.paintedMs / 1000).toFixed(2)} s</span>
      )}
    </footer>
  );
}
