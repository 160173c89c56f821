// What the app wrote to its console, oldest first, held at its end.
import type { PreviewState } from "../host/preview-host";

export function ConsolePanel({ state, onClear }: { state: PreviewState; onClear: () => void }) {
  const { entries, flooded } = state;
  return (
    <section className="console" aria-label="Console">
      <div className="console-head">
        <h3>Console</h3>
        <span className="grow faint">{flooded ? "Some of it is left out: the app writes too much at once." : ""}</span>
        <button type="button" className="btn btn-ghost btn-sm" onClick={onClear} disabled={entries.length === 0}>
          Clear
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it has to be reachable by keyboard */}
      <div className="console-log" tabIndex={0} role="log" aria-label="What the app wrote">
        <ol>
          {entries.length === 0 && <li className="faint">The app has written nothing.</li>}
          {entries.map(({ id, level, text, times }) => (
            <li key={id} className={`console-${level}`}>
              {(level === "warn" || level === "error") && (
                <span className="sr">{level === "warn" ? "Warning: " : "Error: "}</span>
              )}
              {text}
              {times > 1 && <span className="faint num"> ×{times}</span>}
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
