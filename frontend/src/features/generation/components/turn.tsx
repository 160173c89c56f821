// One exchange of a conversation: what was asked, what came back in words, and what was made.
import { CircleAlert, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { ErrorCard } from "@/components/ui/error-card";
import { Mark } from "@/components/ui/mark";
import { clock, titleOf } from "@/lib/words";
import { useGeneration } from "../hooks/use-generation";
import { useStop } from "../hooks/use-stop";
import type { GenerationView } from "../model/view";
import { ArtifactCard } from "./artifact-card";
import { Prose } from "./prose";

interface TurnProps {
  id: string;
  prompt: string;
  /** What the object is called; undefined: by this generation's own title. */
  name?: string | undefined;
  version: number;
  /** The pane shows this one. */
  current: boolean;
  onOpen: (path?: string) => void;
  /** Asks the same again, as a new turn. */
  onRetry: () => void;
}

export function Turn({ id, prompt, name, version, current, onOpen, onRetry }: TurnProps) {
  const { view, error, isPending, isFetching, refetch } = useGeneration(id);
  return (
    <div className="turn" id={`turn-${id}`}>
      <UserMessage text={prompt} />
      {view && <Answer view={view} name={name} version={version} current={current} onOpen={onOpen} onRetry={onRetry} />}
      {!view && isPending && <AnswerSkeleton />}
      {!view && error && (
        <ErrorCard
          title="This answer could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
    </div>
  );
}

export function UserMessage({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <article className="msg msg-user" aria-label="You">
      <div className="msg-body">
        <p className="plain">{text}</p>
      </div>
      {children}
    </article>
  );
}

function Answer({
  view,
  name,
  version,
  current,
  onOpen,
  onRetry,
}: Omit<TurnProps, "id" | "prompt"> & { view: GenerationView }) {
  const { stop, stopping } = useStop(view.generation.id);
  const writing = view.phase === "writing";
  const inFiles = view.files.length > 0;
  const showCard = inFiles || !view.ended || view.phase === "stopped";
  return (
    <article className="msg" aria-label="AetherOS" aria-busy={!view.ended}>
      <div className="msg-head">
        <Mark />
        AetherOS <time dateTime={view.generation.createdAt}>{clock(view.generation.createdAt)}</time>
      </div>
      <div className="msg-body">
        {view.before !== "" && <Prose text={view.before} writing={writing && !inFiles} />}
        {showCard && (
          <ArtifactCard
            name={name ?? titleOf(view.generation)}
            view={view}
            version={version}
            current={current}
            onOpen={onOpen}
            onStop={stop}
            stopping={stopping}
          />
        )}
        {view.after !== "" && <Prose text={view.after} writing={writing && view.files.every((file) => file.closed)} />}
        {view.phase === "failed" && <FailedCard view={view} onRetry={onRetry} />}
      </div>
      {view.ended && view.text !== "" && (
        <div className="msg-acts">
          <CopyButton text={() => view.text} label="Copy the whole answer" />
        </div>
      )}
    </article>
  );
}

function FailedCard({ view, onRetry }: { view: GenerationView; onRetry: () => void }) {
  const error = view.generation.error;
  return (
    <div className="error-card" role="alert">
      <h3>
        <CircleAlert className="i" aria-hidden="true" />
        {error?.message || "The model stopped before it was done."}
      </h3>
      <p>{view.text === "" ? "Nothing was written." : "What was written so far is kept."}</p>
      <div className="btn-row">
        <button type="button" className="btn" onClick={onRetry}>
          <RefreshCw className="i i-sm" aria-hidden="true" />
          Make it again
        </button>
      </div>
      <details>
        <summary>Details</summary>
        <p className="mono">
          {error?.code ?? "unknown"}, generation {view.generation.id}
        </p>
      </details>
    </div>
  );
}

export function AnswerSkeleton() {
  return (
    <div className="msg" aria-hidden="true">
      <div className="msg-head">
        <Mark />
      </div>
      <div className="skel w2" />
      <div className="skel w3" />
      <div className="skel w1" />
    </div>
  );
}
