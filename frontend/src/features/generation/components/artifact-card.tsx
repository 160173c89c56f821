// What a turn made, in the conversation: while it is made with its stages and files, afterwards as a quiet card.
import { Check, CircleAlert, Square, X } from "lucide-react";
import { useState } from "react";
import { Grain, GrainWaiting } from "@/components/ui/grain";
import { KindTile } from "@/components/ui/kind-tile";
import { useConnection } from "@/lib/socket";
import { count, grouped, stopwatch } from "@/lib/words";
import { useElapsed } from "../hooks/use-elapsed";
import { useSilence } from "../hooks/use-silence";
import { type GenerationView, phaseWords, type ViewFile } from "../model/view";
import { Stages } from "./stages";

interface CardProps {
  view: GenerationView;
  /** What the object is called, through all its versions. */
  name: string;
  version: number;
  current: boolean;
  onOpen: (path?: string) => void;
  onStop: () => void;
  stopping: boolean;
}

export function ArtifactCard(props: CardProps) {
  // Only who saw it being made sees copper settle into verdigris, once.
  const [sawMaking] = useState(!props.view.ended);
  if (!props.view.ended) return <MakingCard {...props} />;
  if (props.view.phase === "ready") return <ReadyCard {...props} settling={sawMaking} />;
  return <EndedCard {...props} />;
}

function MakingCard({ view, name, onOpen, onStop, stopping }: CardProps) {
  const elapsed = useElapsed(view.generation.createdAt, true);
  const lines = view.files.reduce((all, file) => all + file.lines, 0);
  const paused = useConnection((connection) => connection.state !== "connected");
  const silent = useSilence(view.text, !paused);
  const news = stopping
    ? "Stopping…"
    : silent > 0
      ? `Still working. No new text for ${silent} s.`
      : lines > 0
        ? `${grouped(lines)} lines so far`
        : "";
  return (
    <section className={paused ? "making-card is-paused" : "making-card"} aria-label={`${name} is being made`}>
      <div className="making-head">
        <KindTile kind={view.generation.type} />
        <div className="grow">
          <div className="making-title clip">{name}</div>
        </div>
        <time className="faint num">{stopwatch(elapsed)}</time>
        <button
          type="button"
          className="btn btn-ghost btn-sm btn-icon"
          aria-label={`Stop ${name}`}
          title="Stop (Esc)"
          onClick={onStop}
          disabled={stopping}
        >
          <X className="i" aria-hidden="true" />
        </button>
      </div>
      <div className="making-grain">
        {view.files.length > 0 ? <Grain bars={view.bars} label={grainWords(view)} /> : <GrainWaiting />}
      </div>
      <Stages view={view} paused={paused} />
      {view.files.length > 0 && <FileRows files={view.files} state="writing" onOpen={onOpen} />}
      {news !== "" && (
        <div className="making-foot">
          <span className="grow">{news}</span>
          <span className="num">{view.progress > 0 ? `${Math.round(view.progress)} %` : ""}</span>
        </div>
      )}
    </section>
  );
}

function ReadyCard({ view, name, version, current, onOpen, settling }: CardProps & { settling: boolean }) {
  const lines = view.files.reduce((all, file) => all + file.lines, 0);
  const validation = view.metadata?.validation;
  return (
    <button type="button" className="card artifact" aria-current={current} onClick={() => onOpen()}>
      <span className="artifact-row">
        <KindTile kind={view.generation.type} />
        <span className="artifact-name clip grow">
          {name} {version > 1 && <span className="faint">v{version}</span>}
        </span>
        <span className="state ready">{phaseWords(view)}</span>
      </span>
      <Grain bars={view.bars} settling={settling} />
      <span className="artifact-row">
        <span className="faint text-12 grow clip">
          {count(view.files.length, "file")}
          {validation ? (validation.ok ? ", checks passed" : ", checks found problems") : ""}
        </span>
        <span className="delta">
          <span className="add">+{grouped(lines)}</span>
        </span>
      </span>
    </button>
  );
}

function EndedCard({ view, name, onOpen }: CardProps) {
  const failed = view.phase === "failed";
  return (
    <section className={`making-card ${failed ? "is-failed" : "is-ready"}`} aria-label={name}>
      <div className="making-head">
        <KindTile kind={view.generation.type} />
        <div className="grow making-title clip">{name}</div>
        <span className={`state ${failed ? "failed" : ""}`}>{failed ? "Failed" : "Stopped by you"}</span>
      </div>
      {view.files.length > 0 && (
        <>
          <div className="making-grain">
            <Grain bars={view.bars} label={`${count(view.files.length, "file")} kept`} />
          </div>
          <FileRows files={view.files} state={failed ? "failed" : "stopped"} onOpen={onOpen} />
          <div className="making-foot">
            <span className="grow">What was written is kept.</span>
          </div>
        </>
      )}
    </section>
  );
}

const ROWS = 8;

interface FileRowsProps {
  files: readonly ViewFile[];
  state: "writing" | "failed" | "stopped";
  onOpen: (path: string) => void;
}

function FileRows({ files, state, onOpen }: FileRowsProps) {
  // A long list shows its end, where the writing is; the tree beside it has all.
  const before = files.length > ROWS + 1 ? files.length - ROWS : 0;
  const first = files[0];
  return (
    <div className="files">
      {before > 0 && first && (
        <button type="button" className="file" onClick={() => onOpen(first.path)}>
          <Check className="i" aria-hidden="true" />
          <span className="faint">{count(before, "file")} before these</span>
        </button>
      )}
      {files.slice(before).map((file) => {
        const whole = file.closed && (file.status ?? "complete") === "complete";
        const tone = whole ? "" : state === "writing" ? "now" : state === "failed" ? "bad" : "";
        const words = whole
          ? count(file.lines, "line")
          : state === "writing"
            ? `line ${grouped(file.lines)}`
            : state === "failed"
              ? "cut off"
              : `stopped at line ${grouped(file.lines)}`;
        return (
          <button type="button" key={file.path} className={`file ${tone}`} onClick={() => onOpen(file.path)}>
            <FileIcon whole={whole} state={state} />
            <span className="name clip">{file.path}</span>
            <span />
            <span className="lines">{words}</span>
          </button>
        );
      })}
    </div>
  );
}

function FileIcon({ whole, state }: { whole: boolean; state: FileRowsProps["state"] }) {
  if (whole) return <Check className="i" aria-hidden="true" />;
  if (state === "writing") return <span className="dot" />;
  return state === "failed" ? (
    <CircleAlert className="i" aria-hidden="true" />
  ) : (
    <Square className="i" aria-hidden="true" />
  );
}

function grainWords(view: GenerationView): string {
  const done = view.files.filter((file) => file.closed).length;
  return done === view.files.length
    ? `${count(done, "file")} written`
    : `${count(done, "file")} written, the next under way`;
}
