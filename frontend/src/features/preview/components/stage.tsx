// Where the app is seen, in the width that was chosen: shown smaller where the pane is narrower than that.
import { useEffect, useRef, useState } from "react";
import type { PreviewState } from "../host/preview-host";
import type { FrameSize } from "./toolbar";

interface StageProps {
  stage: (element: HTMLElement | null) => void;
  state: PreviewState;
  size: FrameSize;
  waiting: string;
  dimmed: boolean;
  onStart: () => void;
}

export function Stage({ stage, state, size, waiting, dimmed, onStart }: StageProps) {
  const well = useRef<HTMLDivElement>(null);
  const room = useRoom(well);
  const scale = size === "fit" || room.width === 0 ? 1 : Math.min(1, room.width / size);
  const sized = size === "fit" ? undefined : { width: size, height: room.height / scale, scale: String(scale) };
  return (
    <div className="frame-well" aria-busy={state.status === "starting"}>
      <div className="frame-room" ref={well}>
        <div
          className={`frame ${state.hasFrame ? "" : "is-empty"} ${dimmed && state.hasFrame ? "is-dimmed" : ""}`}
          style={sized}
          ref={stage}
        />
        {!state.hasFrame && <Absent state={state} waiting={waiting} onStart={onStart} />}
      </div>
    </div>
  );
}

function Absent({ state, waiting, onStart }: { state: PreviewState; waiting: string; onStart: () => void }) {
  if (state.status === "starting") {
    return (
      <div className="empty frame-absent" role="status">
        <div className="skel w1" />
        <div className="skel w2" />
        <div className="skel w3" />
        <span className="sr">Starting the app</span>
      </div>
    );
  }
  if (state.status === "failed") {
    return (
      <div className="empty frame-absent">
        <h3>There is nothing to show yet</h3>
        <p>The app stopped at what is listed above.</p>
      </div>
    );
  }
  if (state.status === "stopped") {
    return (
      <div className="empty frame-absent">
        <h3>The app is stopped</h3>
        <button type="button" className="btn" onClick={onStart}>
          Start it
        </button>
      </div>
    );
  }
  return (
    <div className="empty frame-absent">
      <h3>The app runs here</h3>
      <p>{waiting}</p>
    </div>
  );
}

function useRoom(element: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setRoom({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    watch.observe(current);
    return () => watch.disconnect();
  }, [element]);
  return room;
}
