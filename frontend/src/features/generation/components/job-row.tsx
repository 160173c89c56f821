// A generation under way, as a row: its name, its stage, its grain, its time.
import { Link } from "react-router";
import type { GenerationSummary } from "@/api/types";
import { Grain, GrainWaiting } from "@/components/ui/grain";
import { KindTile } from "@/components/ui/kind-tile";
import { stopwatch, titleOf } from "@/lib/words";
import { useElapsed } from "../hooks/use-elapsed";
import { useGeneration } from "../hooks/use-generation";
import { phaseWords } from "../model/view";

interface JobProps {
  job: GenerationSummary;
  /** The conversation's name, where it is known. */
  name?: string | undefined;
  to: string;
}

export function JobRow({ job, name, to }: JobProps) {
  const { view } = useGeneration(job.id);
  const elapsed = useElapsed(job.createdAt, !view?.ended);
  return (
    <Link className="job" to={to}>
      <KindTile kind={job.type} />
      <div>
        <div className="artifact-name clip">{name ?? titleOf(job)}</div>
        <div className="sub clip">{view ? phaseWords(view) : "Waiting"}</div>
      </div>
      {view && view.files.length > 0 ? <Grain bars={view.bars} width={132} /> : <GrainWaiting />}
      <time className="faint num">{stopwatch(elapsed)}</time>
    </Link>
  );
}

/** The same in the side bar: only the grain and the name. */
export function JobLine({ job, name, to }: JobProps) {
  const { view } = useGeneration(job.id);
  return (
    <Link className="side-chat" to={to}>
      {view && view.files.length > 0 ? <Grain bars={view.bars} width={72} /> : <GrainWaiting />}
      <span className="clip">{name ?? titleOf(job)}</span>
    </Link>
  );
}
