// The stages of a generation in one line: done, now, to come. Only what the events said.
import { Check, CircleAlert, Square } from "lucide-react";
import { count, duration } from "@/lib/words";
import { type GenerationView, phaseWords } from "../model/view";

interface StagesProps {
  view: GenerationView;
  /** The connection is gone: the work goes on at the server, but nothing of it arrives. */
  paused: boolean;
}

export function Stages({ view, paused }: StagesProps) {
  const { phase, metadata, files } = view;
  const understood = phase !== "waiting" && phase !== "understanding";
  const written = phase === "checking" || phase === "mending" || phase === "ready";
  if (paused) {
    return (
      <ol className="stages">
        {understood && <Stage state="done">Understood</Stage>}
        <Stage state="now">Reconnecting, nothing is lost</Stage>
      </ol>
    );
  }
  return (
    <ol className="stages">
      {phase === "waiting" && <Stage state="now">Waiting</Stage>}
      {phase === "understanding" && <Stage state="now">Understanding</Stage>}
      {understood && (
        <Stage state="done">
          Understood{metadata?.firstTokenMs ? <span className="num">{duration(metadata.firstTokenMs)}</span> : null}
        </Stage>
      )}
      {phase === "writing" && <Stage state="now">{phaseWords(view)}</Stage>}
      {written && <Stage state="done">Wrote {count(files.length, "file")}</Stage>}
      {(phase === "waiting" || phase === "understanding") && <Stage state="next">Write</Stage>}
      {phase === "checking" && <Stage state="now">Checking</Stage>}
      {phase === "mending" && <Stage state="now">Mending, attempt {view.attempt}</Stage>}
      {(phase === "waiting" || phase === "understanding" || phase === "writing") && <Stage state="next">Check</Stage>}
      {phase === "ready" && <Stage state="done">{phaseWords(view)}</Stage>}
      {phase === "failed" && (
        <li className="stage bad">
          <CircleAlert className="i" aria-hidden="true" />
          Failed
        </li>
      )}
      {phase === "stopped" && (
        <li className="stage">
          <Square className="i" aria-hidden="true" />
          Stopped by you
        </li>
      )}
    </ol>
  );
}

function Stage({ state, children }: { state: "done" | "now" | "next"; children: React.ReactNode }) {
  return (
    <li className={`stage ${state === "next" ? "" : state}`}>
      {state === "done" && <Check className="i" aria-hidden="true" />}
      {children}
    </li>
  );
}
